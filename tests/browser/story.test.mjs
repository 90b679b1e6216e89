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
  await page.getByText(/wrong|incorrect|invalid/i).first().waitFor();
  await shoot(page, 'login-wrong-password');
  await pages.login(page, 'admin', hearth.password);
  await pages.dashboardVisible(page);
  await shootLooks(page, 'dashboard-empty');

  await pages.createWorkspace(page, 'story');
  const { id } = await until(async () => (await api.api('GET', '/workspaces')).json.workspaces[0], { what: 'the row exists' });

  await t.test('the loading page turns into the workbench by itself', async () => {
    await workspaces.settled(api, id, 'RUNNING');
    await workspaces.want(api, id, 'STANDBY');
    await workspaces.settled(api, id, 'STANDBY');
    await page.goto(`/w/${id}/`, { waitUntil: 'domcontentloaded' });
    assert.match(await page.title(), /story|starting|waking/i);
    await shoot(page, 'loading');
    await workbenchVisible(page);
  });

  const written = () => hearth.deployment.exec(id, 'cat ~/project/typed.txt').then((text) => text === 'hello-42');
  await runInTerminal(page, 'echo hello-$((6*7)) > ~/project/typed.txt', written);
  await shoot(page, 'workbench');

  await t.test('the dashboard follows live and stops it', async () => {
    await page.goto('/');
    await pages.phaseOf(page, 'story', /running/i);
    await shootLooks(page, 'dashboard-running');
    await pages.stop(page, 'story');
    await pages.phaseOf(page, 'story', /standby|stopped|asleep|sleeping/i);
    await shootLooks(page, 'dashboard-stopped');
    assert.deepEqual(await hearth.deployment.containers(), []);
  });

  await t.test('opening it again wakes it, with the file', async () => {
    await pages.open(page, 'story');
    const tab = page.context().pages().at(-1);
    await workbenchVisible(tab);
    await tab.getByText('typed.txt').first().waitFor({ timeout: 30000 });
    await shoot(tab, 'workbench-again');
    assert.equal(await written(), true);
  });

  await t.test('delete, after a question', async () => {
    await page.goto('/');
    await pages.remove(page, 'story');
    await until(async () => (await hearth.deployment.volumes()).length === 0, { what: 'the volume is gone' });
  });

  assert.deepEqual(page.problems.filter((p) => !p.includes('/w/')), [], 'script errors, foreign requests or cut-off pages');
});
