// Workspaces through the REST API (SPEC: "API").
import assert from 'node:assert/strict';
import { until } from './poll.mjs';

export async function create(client, fields = {}) {
  const answer = await client.api('POST', '/workspaces', { name: `ws-${Math.random().toString(36).slice(2, 10)}`, ...fields });
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}

export async function get(client, id) {
  const answer = await client.api('GET', `/workspaces/${id}`);
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
}

export async function want(client, id, desired_state) {
  const answer = await client.api('PATCH', `/workspaces/${id}`, { desired_state });
  assert.equal(answer.status, 200, answer.body);
  return answer.json;
}

// Waits for a settled row: that phase, no operation under way.
export function settled(client, id, phase, timeout = 60000) {
  return until(async () => {
    const row = await get(client, id);
    if (row.phase === phase && row.operation === 'NONE') return row;
    if (row.phase === 'ERROR' && phase !== 'ERROR') {
      throw Object.assign(new Error(`ERROR ${row.error?.reason}: ${row.error?.message}`), { final: true });
    }
    throw new Error(`${row.phase}/${row.operation}, wanted ${row.desired_state}`);
  }, { what: `workspace ${id} is ${phase}`, timeout });
}

export async function running(client, fields) {
  const { id } = await create(client, fields);
  return settled(client, id, 'RUNNING');
}
