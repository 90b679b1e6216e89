// A workspace's life against a real engine and the real image: create, use, stop, wake, delete.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import { show, wakings } from './lib/waking.mjs';
import * as workspaces from './lib/workspaces.mjs';

test('create, open, stop, wake by navigation, find the file, delete', async (t) => {
  const hearth = await Hearth.create(t);
  const client = await hearth.admin();
  const { id } = await workspaces.running(client, { name: 'first' });
  const path = `/w/${id}/`;

  await t.test('the container is ours, limited and unprivileged', async () => {
    const container = await hearth.deployment.container(id);
    assert.equal(container.Name, `/hearth-${hearth.deployment.name}-${id}`);
    assert.equal(container.Config.User, '1000:1000');
    assert.deepEqual(container.HostConfig.CapDrop, ['ALL']);
    assert.ok(container.HostConfig.SecurityOpt.some((o) => o.startsWith('no-new-privileges')));
    assert.equal(container.HostConfig.RestartPolicy.Name, 'no');
    assert.equal(container.HostConfig.Init, true);
    assert.equal(container.HostConfig.Memory, 2 * 2 ** 30);
    assert.equal(container.HostConfig.NanoCpus, 2e9);
    assert.equal(container.HostConfig.PidsLimit, 512);
    assert.deepEqual(container.Mounts.map((m) => [m.Type, m.Destination]), [['volume', '/home/coder']]);
  });

  await t.test('code-server answers below the prefix', async () => {
    const bare = await client.navigate(`/w/${id}?a=1`);
    assert.equal(bare.status, 308);
    assert.equal(new URL(bare.headers.location, hearth.url).pathname, path);
    assert.equal(new URL(bare.headers.location, hearth.url).search, '?a=1');
    const redirect = await client.navigate(path);
    assert.equal(redirect.status, 302);
    const page = await client.navigate(new URL(redirect.headers.location, hearth.url + path).href.slice(hearth.url.length));
    assert.equal(page.status, 200);
    assert.match(page.body, /vscode-workbench|workbench/);
    assert.equal((await client.request('GET', `${path}healthz`)).status, 200);
  });

  await t.test('a WebSocket becomes a tunnel; a foreign origin does not', async () => {
    const opened = await client.upgrade(`${path}healthz`);
    assert.equal(opened.status, 101);
    opened.socket.destroy();
    const foreign = await client.upgrade(`${path}healthz`, { Origin: 'http://evil.example' });
    assert.equal(foreign.status, 403);
  });

  await hearth.deployment.exec(id, 'echo kept > ~/project/kept.txt');
  const before = await hearth.deployment.volumes();
  await workspaces.want(client, id, 'STANDBY');
  await workspaces.settled(client, id, 'STANDBY');
  assert.deepEqual(await hearth.deployment.containers(), []);
  assert.deepEqual(await hearth.deployment.volumes(), before);

  await t.test('background requests do not wake it', async () => {
    const plain = await client.request('GET', `${path}some.js`);
    assert.equal(plain.status, 503);
    assert.ok(plain.headers['retry-after']);
    assert.equal((await client.upgrade(`${path}stable-x?reconnection=true`)).status, 503);
    assert.equal((await workspaces.get(client, id)).desired_state, 'STANDBY');
  });

  await t.test('a navigation does, and the page comes at once', async () => {
    const page = await client.navigate(path);
    assert.equal(page.status, 202);
    assert.match(page.headers['content-type'], /text\/html/);
    await workspaces.settled(client, id, 'RUNNING');
    assert.equal((await client.navigate(path)).status, 302);
    assert.equal(await hearth.deployment.exec(id, 'cat ~/project/kept.txt'), 'kept');
  });

  await t.test('delete leaves nothing', async () => {
    assert.equal((await client.api('DELETE', `/workspaces/${id}`)).status, 204);
    assert.equal((await client.api('GET', `/workspaces/${id}`)).status, 404);
    assert.equal((await client.navigate(path)).status, 404);
    await until(async () => (await hearth.deployment.containers()).length + (await hearth.deployment.volumes()).length === 0,
      { what: 'container and volume are gone' });
  });
});

test('the loading page comes at once, the first proxied byte right after readiness', async (t) => {
  const hearth = await Hearth.create(t);
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  const { pages, lags } = await wakings(hearth, client, id, 3);
  t.diagnostic(`loading page ms: ${show(pages)}; proxied byte after readiness ms: ${show(lags)}`);
  // Whatever else the machine does; perf/wake.mjs holds the real figures (10 ms, 100 ms).
  assert.ok(Math.min(...pages) < 100, `loading page took ${show(pages)} ms`);
  assert.ok(Math.min(...lags) < 500, `first byte came ${show(lags)} ms after readiness`);
});

test('a container that dies is noticed at once and comes back', async (t) => {
  const hearth = await Hearth.create(t);
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  const old = await hearth.deployment.container(id);
  process.kill(old.State.Pid, 'SIGKILL');
  await until(async () => {
    const now = await hearth.deployment.container(id);
    return now && now.State.Running && now.State.StartedAt !== old.State.StartedAt;
  }, { what: 'the container is started again' });
  await workspaces.settled(client, id, 'RUNNING');
});

test('live events: a snapshot first, then every change of a row', async (t) => {
  const hearth = await Hearth.create(t);
  const client = await hearth.admin();
  const seen = [];
  const stream = client.events('/api/v1/events', (event) => seen.push(event));
  t.after(() => stream.close());
  await until(() => seen.some((e) => e.event === 'connected'), { what: 'the event "connected"', timeout: 5000 });
  const { id } = await workspaces.create(client, { desired_state: 'STANDBY' });
  await until(() => seen.some((e) => e.event === 'workspace' && e.data.id === id && e.data.phase === 'STANDBY'),
    { what: 'an event with phase STANDBY' });
});

test('the running limit is kept, and its page lists what runs', async (t) => {
  const hearth = await Hearth.create(t, { orchestrator: 'max_running_per_user 1;' });
  const client = await hearth.admin();
  const first = await workspaces.running(client);
  const refused = await client.api('POST', '/workspaces', { name: 'one too many' });
  assert.equal(refused.status, 429);
  assert.equal(refused.json.error.code, 'RUNNING_LIMIT_EXCEEDED');
  const second = await workspaces.create(client, { name: 'asleep', desired_state: 'STANDBY' });
  await workspaces.settled(client, second.id, 'STANDBY');
  const page = await client.navigate(`/w/${second.id}/`);
  assert.equal(page.status, 429);
  assert.match(page.body, new RegExp(first.name));
});
