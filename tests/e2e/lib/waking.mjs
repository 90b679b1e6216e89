// How long a person waits for a sleeping workspace: used by a test and by perf/wake.mjs.
import assert from 'node:assert/strict';
import { containerAddress } from './docker.mjs';
import { until } from './poll.mjs';
import * as workspaces from './workspaces.mjs';

export const show = (values) => values.map((v) => v.toFixed(1)).join(' ');

// Puts the workspace to sleep and wakes it by navigation, `rounds` times. In ms: `pages`, until the loading page had been
// answered; `lags`, from code-server's first answer to /healthz, asked beside Hearth, to the same answer through Hearth.
export async function wakings(hearth, client, id, rounds) {
  const pages = [], lags = [];
  for (let round = 0; round < rounds; round++) {
    await workspaces.want(client, id, 'STANDBY');
    await workspaces.settled(client, id, 'STANDBY');
    const page = await client.navigate(`/w/${id}/`);
    assert.equal(page.status, 202);
    pages.push(page.ms);
    // A background request is held while the workspace is on its way up.
    const held = client.request('GET', `/w/${id}/healthz`, { timeout: 40000 }).then((a) => ({ ...a, at: performance.now() }));
    const ready = await until(async () => {
      const address = containerAddress(await hearth.deployment.container(id));
      return (await fetch(`http://${address}:8080/healthz`, { signal: AbortSignal.timeout(250) })).ok && performance.now();
    }, { what: 'code-server answers /healthz', every: 5 });
    const answer = await held;
    assert.equal(answer.status, 200, answer.body);
    lags.push(answer.at - ready);
    await workspaces.settled(client, id, 'RUNNING');
  }
  return { pages, lags };
}
