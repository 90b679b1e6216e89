// Hearth's own pages by their visible words and roles, as a person or a screen reader finds them.
export const newWorkspaceText = /new workspace|create workspace/i;

export const nameField = (page) => page.getByLabel(/name/i).first();

export function loginVisible(page) {
  return page.getByLabel(/password/i).waitFor();
}

export async function login(page, username, password) {
  await page.getByLabel(/user/i).fill(username);
  await page.getByLabel(/password/i).fill(password);
  await page.getByRole('button', { name: /log in|sign in/i }).click();
}

export function dashboardVisible(page) {
  return page.getByRole('button', { name: newWorkspaceText }).first().waitFor();
}

export async function createWorkspace(page, name) {
  await page.getByRole('button', { name: newWorkspaceText }).first().click();
  await nameField(page).fill(name);
  await page.keyboard.press('Enter');
  await row(page, name).waitFor();
}

// The list item or table row that names the workspace.
export function row(page, name) {
  return page.locator('li, tr, article').filter({ hasText: name }).first();
}

export function phaseOf(page, name, phase) {
  return row(page, name).filter({ hasText: phase }).waitFor({ timeout: 60000 });
}

export function stop(page, name) {
  return row(page, name).getByRole('button', { name: /stop/i }).click();
}

export function open(page, name) {
  return row(page, name).getByRole('link', { name: /open/i }).first().click();
}

export async function remove(page, name) {
  page.once('dialog', (dialog) => dialog.accept()); // a browser's own question, if that is what is used
  await row(page, name).getByRole('button', { name: /delete/i }).click();
  const confirm = page.getByRole('dialog').getByRole('button', { name: /delete/i });
  if (await confirm.count()) await confirm.click();
  await row(page, name).waitFor({ state: 'detached' });
}
