// Pages a person meets when something is in the way.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Hearth } from '../e2e/lib/hearth.mjs';
import { until } from '../e2e/lib/poll.mjs';
import * as workspaces from '../e2e/lib/workspaces.mjs';
import { launch, newPage, shootLooks } from './lib/browser.mjs';
import * as pages from './lib/pages.mjs';
import { workbenchVisible } from './lib/workbench.mjs';

test('the pages that say why not', async (t) => {
  const hearth = await Hearth.create(t, { orchestrator: 'max_running_per_user 1;', server: 'proxy_read_timeout 10s;' });
  const api = await hearth.admin();
  const browser = await launch(t);
  const page = await newPage(browser, hearth.url);
  const ids = {};

  await t.test('a link to a sleeping workspace goes through the login and arrives', async () => {
    ids.atlas = (await workspaces.create(api, { name: 'atlas', description: 'Maps and the like', desired_state: 'STANDBY' })).id;
    await workspaces.settled(api, ids.atlas, 'STANDBY');
    await page.goto(`/w/${ids.atlas}/`);
    await pages.loginVisible(page);
    await pages.login(page, 'admin', hearth.password);
    await page.waitForURL(`**/w/${ids.atlas}/**`);
    await page.locator('#steps [data-step]').first().waitFor();
    await shootLooks(page, 'loading');
    await workbenchVisible(page);
  });

  await t.test('the running limit lists what runs; its stop button makes room', async () => {
    ids.borealis = (await workspaces.create(api, { name: 'borealis', desired_state: 'STANDBY' })).id;
    await workspaces.settled(api, ids.borealis, 'STANDBY');
    const answer = await page.goto(`/w/${ids.borealis}/`);
    assert.equal(answer.status(), 429);
    await page.getByText('atlas').waitFor();
    await shootLooks(page, 'limit');
    await page.getByRole('button', { name: 'Stop' }).click();
    await workspaces.settled(api, ids.atlas, 'STANDBY');
    await workspaces.settled(api, ids.borealis, 'RUNNING');
    await workbenchVisible(page);
  });

  await t.test('no such workspace, no such page', async () => {
    assert.equal((await page.goto(`/w/${randomUUID()}/`)).status(), 404);
    await shootLooks(page, 'not-found');
    assert.equal((await page.goto('/no/such/page')).status(), 404);
    await page.getByRole('link', { name: 'All workspaces' }).click();
    await pages.dashboardVisible(page);
  });

  await t.test('a workspace of someone else', async () => {
    assert.equal((await api.api('POST', '/users', { username: 'visitor', password: 'visitor-password' })).status, 201);
    const other = await newPage(browser, hearth.url);
    await other.goto('/');
    await pages.login(other, 'visitor', 'visitor-password');
    await pages.dashboardVisible(other);
    assert.equal((await other.goto(`/w/${ids.atlas}/`)).status(), 403);
    await shootLooks(other, 'forbidden');
    assert.deepEqual(other.problems, []);
    await other.context().close();
  });

  await t.test('a workspace that runs but does not answer', async () => {
    await hearth.deployment.freeze(ids.borealis);
    assert.equal((await page.goto(`/w/${ids.borealis}/`)).status(), 504);
    await page.getByText('The workspace took too long').waitFor();
    await shootLooks(page, 'too-slow');
    await hearth.deployment.deafen(ids.borealis);
    assert.equal((await page.goto(`/w/${ids.borealis}/`)).status(), 502);
    await page.getByText('The workspace does not answer').waitFor();
    await shootLooks(page, 'no-answer');
    await workspaces.want(api, ids.borealis, 'STANDBY');
    await workspaces.settled(api, ids.borealis, 'STANDBY');
  });

  await t.test('an image that cannot be had', async () => {
    ids.broken = (await workspaces.create(api, { name: 'broken', image: 'hearth/no-such-image:1', desired_state: 'STANDBY' })).id;
    await workspaces.settled(api, ids.broken, 'STANDBY');
    await workspaces.want(api, ids.broken, 'RUNNING');
    await workspaces.settled(api, ids.broken, 'ERROR');
    const shown = await page.goto(`/w/${ids.broken}/`);
    assert.equal(shown.status(), 502);
    await page.getByText('hearth/no-such-image:1').first().waitFor();
    await shootLooks(page, 'workspace-error');
    await page.goto('/');
    await pages.phaseOf(page, 'broken', 'ERROR', 'Error');
    await shootLooks(page, 'dashboard-error');
  });
  assert.deepEqual(page.problems, []);
});

test('everything by keyboard alone', async (t) => {
  const hearth = await Hearth.create(t);
  const api = await hearth.admin();
  const page = await newPage(await launch(t), hearth.url);
  const focused = (test) => page.evaluate(test);
  await page.goto('/');
  await pages.loginVisible(page);
  await page.keyboard.type('admin'); // the first field has the focus
  await page.keyboard.press('Tab');
  await page.keyboard.type(hearth.password);
  await page.keyboard.press('Enter');
  await pages.dashboardVisible(page);

  await t.test('every stop of Tab can be seen', async () => {
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab');
      const seen = await focused(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        return { text: element.textContent, body: element === document.body,
          ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== 'none' };
      });
      if (seen.body) break; // once round
      assert.ok(seen.ring, `the focus on "${seen.text.trim()}" is invisible`);
      if (pages.newWorkspaceText.test(seen.text)) return;
    }
    assert.fail('Tab does not reach the button for a new workspace');
  });

  await t.test('create, stop, shortcuts, delete', async () => {
    await page.keyboard.press('Enter');
    await pages.nameField(page).waitFor();
    assert.ok(await pages.nameField(page).evaluate((field) => field === document.activeElement), 'the name field has the focus');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await pages.phaseOf(page, 'by keyboard', 'RUNNING', 'Running');
    assert.equal(await focused(() => document.activeElement.closest('[data-workspace]')?.dataset.name), 'by keyboard');

    await tabTo('stop');
    await page.keyboard.press('Enter');
    await pages.phaseOf(page, 'by keyboard', 'STANDBY', 'Sleeping');
    assert.equal(await focused(() => document.activeElement.closest('[data-workspace]')?.dataset.name), 'by keyboard',
      'the focus stays in the row while it changes');

    await page.keyboard.press('?');
    await pages.dialog(page).getByText('New workspace').waitFor();
    await shootLooks(page, 'dialog-shortcuts');
    await page.keyboard.press('Escape');
    await pages.dialog(page).waitFor({ state: 'detached' });

    await tabTo('delete');
    await page.keyboard.press('Enter');
    await pages.dialog(page).waitFor();
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await pages.row(page, 'by keyboard').waitFor({ state: 'detached' });
    assert.match(await focused(() => document.activeElement.textContent), pages.newWorkspaceText);
    await until(async () => (await api.api('GET', '/workspaces')).json.total === 0, { what: 'the row is gone' });
  });
  assert.deepEqual(page.problems, []);

  async function tabTo(action) {
    for (let i = 0; i < 30; i++) {
      if (await focused(() => document.activeElement.dataset.action) === action) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach ${action}`);
  }
});
