// The whole story as a person sees it: log in, create, watch it start, work, stop, come back to the same files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hearth } from '../e2e/lib/hearth.mjs';
import { until } from '../e2e/lib/poll.mjs';
import * as workspaces from '../e2e/lib/workspaces.mjs';
import { launch, newPage, shoot, shootLooks } from './lib/browser.mjs';
import * as pages from './lib/pages.mjs';
import { runInTerminal, workbenchVisible } from './lib/workbench.mjs';

test('log in, create a workspace, work in it, stop it, find the files again', async (t) => {
  const hearth = await Hearth.create(t);
  const api = await hearth.admin();
  const page = await newPage(await launch(t), hearth.url);

  await page.goto('/');
  await pages.loginVisible(page);
  await shootLooks(page, 'login');
  await pages.login(page, 'admin', 'not the password');
  await page.getByText('User name or password is wrong.').waitFor();
  await shootLooks(page, 'login-wrong-password');
  await pages.login(page, 'admin', hearth.password);
  await pages.dashboardVisible(page);
  await shootLooks(page, 'dashboard-empty');

  await pages.newButton(page).click();
  await shootLooks(page, 'dialog-create');
  await pages.nameField(page).fill('story');
  await page.keyboard.press('Enter');
  await pages.row(page, 'story').waitFor();
  const { id } = (await api.api('GET', '/workspaces')).json.items[0];
  const written = () => hearth.deployment.exec(id, 'cat ~/project/typed.txt').then((text) => text === 'hello-42');

  await t.test('the loading page turns into the workbench by itself', async () => {
    await pages.act(page, 'story', 'open');
    await page.locator('#steps [data-step]').first().waitFor();
    assert.match(await page.title(), /story/);
    await shoot(page, 'loading-first-start');
    await workbenchVisible(page);
    assert.equal(new URL(page.url()).pathname, `/w/${id}/`);
  });

  await t.test('a terminal in it writes a file', async () => {
    await runInTerminal(page, 'echo hello-$((6*7)) > ~/project/typed.txt', written);
    await page.getByRole('treeitem', { name: 'typed.txt' }).waitFor();
    await shoot(page, 'workbench');
  });

  await t.test('the dashboard follows live and stops it', async () => {
    await page.goto('/');
    await pages.phaseOf(page, 'story', 'RUNNING', 'Running');
    await shootLooks(page, 'dashboard-running');
    await pages.act(page, 'story', 'stop');
    await pages.phaseOf(page, 'story', 'STANDBY', 'Sleeping');
    await shootLooks(page, 'dashboard-sleeping');
    assert.deepEqual(await hearth.deployment.containers(), []);
  });

  await t.test('opening it again wakes it, with the file', async () => {
    await pages.act(page, 'story', 'open');
    await page.locator('#steps [data-step]').first().waitFor();
    await shoot(page, 'loading-waking');
    await workbenchVisible(page);
    await page.getByRole('treeitem', { name: 'typed.txt' }).dblclick({ timeout: 30000 });
    await page.locator('.view-lines').getByText('hello-42').waitFor();
    await shoot(page, 'workbench-again');
    assert.equal(await written(), true);
  });

  await t.test('a deep link wakes it too and ends where it points', async () => {
    await page.goto('/'); // a workbench that is stopped under its page fetches what it cannot get any more
    await workspaces.want(api, id, 'STANDBY');
    await workspaces.settled(api, id, 'STANDBY');
    await page.goto(`/w/${id}/?folder=/home/coder`);
    await page.locator('#steps [data-step]').first().waitFor();
    await workbenchVisible(page);
    assert.equal(new URL(page.url()).searchParams.get('folder'), '/home/coder');
    await page.getByRole('treeitem', { name: 'project' }).first().waitFor();
  });

  await t.test('delete, after its name was typed', async () => {
    await page.goto('/');
    await pages.act(page, 'story', 'delete');
    await shootLooks(page, 'dialog-delete');
    await page.keyboard.press('Escape');
    await pages.remove(page, 'story');
    await until(async () => (await hearth.deployment.volumes()).length === 0, { what: 'the volume is gone' });
    assert.deepEqual(await hearth.deployment.containers(), []);
  });

  assert.deepEqual(page.problems, [], 'script errors, foreign requests or cut-off pages');
});
