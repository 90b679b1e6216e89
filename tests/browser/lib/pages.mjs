// Hearth's own pages as a person or a screen reader finds them: by visible words and roles; rows by the workspace's name.
export const newWorkspaceText = /new workspace/i;

export function loginVisible(page) {
  return page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

export async function login(page, username, password) {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export const newButton = (page) => page.getByRole('button', { name: newWorkspaceText }).filter({ visible: true });

export function dashboardVisible(page) {
  return newButton(page).waitFor();
}

export const dialog = (page) => page.getByRole('dialog');
export const nameField = (page) => dialog(page).getByLabel('Name', { exact: true });

export async function createWorkspace(page, name) {
  await newButton(page).click();
  await nameField(page).fill(name);
  await page.keyboard.press('Enter');
  await row(page, name).waitFor();
}

export function row(page, name) {
  return page.locator(`[data-workspace][data-name="${name}"]`);
}

// Waits until the row carries that phase and shows that word.
export async function phaseOf(page, name, phase, word) {
  await page.locator(`[data-name="${name}"][data-phase="${phase}"]`).getByText(word, { exact: true })
    .waitFor({ timeout: 60000 });
}

export function act(page, name, action) {
  return row(page, name).locator(`[data-action="${action}"]`).click();
}

export async function remove(page, name) {
  await act(page, name, 'delete');
  const confirm = dialog(page).getByRole('button', { name: /delete/i });
  if (await confirm.isEnabled()) throw new Error('nothing had to be typed before deleting');
  await dialog(page).getByLabel(/to confirm/).fill(name);
  await confirm.click();
  await row(page, name).waitFor({ state: 'detached' });
}
