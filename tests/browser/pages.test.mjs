// Pages a person meets when something is in the way, and the use of the dashboard by keyboard alone.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Hearth } from '../e2e/lib/hearth.mjs';
import * as workspaces from '../e2e/lib/workspaces.mjs';
import { launch, newPage, shootLooks } from './lib/browser.mjs';
import * as pages from './lib/pages.mjs';

test('the pages that say why not', async (t) => {
  const hearth = await Hearth.create(t, { orchestrator: 'max_running_per_user 1;' });
  const api = await hearth.admin();
  const page = await newPage(await launch(t), hearth.url);

  await t.test('a link to a workspace goes through the login and arrives', async () => {
    const { id } = await workspaces.create(api, { name: 'asleep', desired_state: 'STANDBY' });
    await workspaces.settled(api, id, 'STANDBY');
    await page.goto(`/w/${id}/`);
    await pages.loginVisible(page);
    await pages.login(page, 'admin', hearth.password);
    await page.waitForURL(`**/w/${id}/**`);
    await shootLooks(page, 'loading');
    await workspaces.settled(api, id, 'RUNNING');
  });

  await t.test('the running limit lists what runs and stops it', async () => {
    const { id } = await workspaces.create(api, { name: 'second', desired_state: 'STANDBY' });
    await workspaces.settled(api, id, 'STANDBY');
    const answer = await page.goto(`/w/${id}/`);
    assert.equal(answer.status(), 429);
    await page.getByText('asleep').first().waitFor();
    await shootLooks(page, 'running-limit');
  });

  await t.test('no such workspace', async () => {
    const answer = await page.goto(`/w/${randomUUID()}/`);
    assert.equal(answer.status(), 404);
    await shootLooks(page, 'not-found');
  });

  await t.test('an image that cannot be had', async () => {
    const answer = await api.api('POST', '/workspaces',
      { name: 'broken', image_ref: 'hearth/no-such-image:1', desired_state: 'STANDBY' });
    const { id } = answer.json;
    await workspaces.settled(api, id, 'STANDBY');
    for (const row of (await api.api('GET', '/workspaces')).json.workspaces) {
      if (row.phase === 'RUNNING') { await workspaces.want(api, row.id, 'STANDBY'); await workspaces.settled(api, row.id, 'STANDBY'); }
    }
    await workspaces.want(api, id, 'RUNNING');
    await workspaces.settled(api, id, 'ERROR');
    const shown = await page.goto(`/w/${id}/`);
    assert.equal(shown.status(), 502);
    await page.getByText(/image/i).first().waitFor();
    await shootLooks(page, 'workspace-error');
    await page.goto('/');
    await pages.phaseOf(page, 'broken', /error/i);
    await shootLooks(page, 'dashboard-error');
  });
  assert.deepEqual(page.problems, []);
});

test('log in and create a workspace with the keyboard alone', async (t) => {
  const hearth = await Hearth.create(t);
  const page = await newPage(await launch(t), hearth.url);
  await page.goto('/');
  await pages.loginVisible(page);
  await page.keyboard.type('admin'); // the first field has the focus
  await page.keyboard.press('Tab');
  await page.keyboard.type(hearth.password);
  await page.keyboard.press('Enter');
  await pages.dashboardVisible(page);
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => document.activeElement?.textContent ?? '');
    if (pages.newWorkspaceText.test(text)) break;
  }
  await page.keyboard.press('Enter');
  await pages.nameField(page).waitFor();
  assert.ok(await pages.nameField(page).evaluate((field) => field === document.activeElement), 'the name field has the focus');
  await page.keyboard.type('by keyboard');
  await page.keyboard.press('Enter');
  await pages.row(page, 'by keyboard').waitFor();
});
