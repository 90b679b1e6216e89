// Waking a sleeping workspace on an idle machine: the loading page within 10 ms, the first proxied byte within 100 ms of
// code-server's readiness (medians). Needs a release build, a Docker engine and the workspace image.
//
// usage: node perf/wake.mjs [ROUNDS]    (default 10)
import { Hearth } from '../tests/e2e/lib/hearth.mjs';
import { show, wakings } from '../tests/e2e/lib/waking.mjs';
import * as workspaces from '../tests/e2e/lib/workspaces.mjs';

const cleanups = [];
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
try {
  const hearth = await Hearth.create({ after: (fn) => cleanups.push(fn) });
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  const { pages, lags } = await wakings(hearth, client, id, Number(process.argv[2] ?? 10));
  console.log(`loading page ms:                 median ${median(pages).toFixed(1)}  (${show(pages)})`);
  console.log(`proxied byte after readiness ms: median ${median(lags).toFixed(1)}  (${show(lags)})`);
  if (median(pages) >= 10 || median(lags) >= 100) process.exitCode = 1;
} finally {
  for (const fn of cleanups) await fn();
}
