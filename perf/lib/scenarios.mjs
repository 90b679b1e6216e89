// What is measured, and what Hearth is held to. `load` is a command of perf_load; `unit` is what the proxy's CPU time is
// divided by. A target is a ratio to a peer (floor: the cheaper of the relay's two ways), or a number of bytes.
const MIB = 1 << 20;
const get = (path, connections, ...more) => ['get', '--paths', path, '--connections', connections, ...more];
const to = (peer, most) => ({ to: peer, most });
const bulk = [to('nginx', 0.7), to('haproxy', 0.45), to('splice', 1)];
const small = [to('nginx', 0.88), to('floor', 1.2)];
const echo = [to('nginx', 0.85), to('floor', 1.15)];

export const FILES = { '/16k': 16 << 10, '/100k': 100 << 10, '/1m': MIB, '/100m': 100 * MIB };

// Each recorded request is one for a file of the recorded size.
export const mixedPath = (index) => `/mixed/${index}`;

export function scenarios(pageLoad) {
  const mixed = pageLoad.map((_, index) => mixedPath(index)).join(',');
  return {
    'small-64': { load: get('/small', 64), unit: 'request', targets: small },
    'small-1000': { load: get('/small', 1000), unit: 'request', targets: small },
    'new-connection': { load: get('/small', 16, '--close'), unit: 'request', targets: [to('nginx', 0.9)] },
    '16k': { load: get('/16k', 64), unit: 'request' },
    '100k': { load: get('/100k', 64), unit: 'request', targets: [to('nginx', 0.65)] },
    '1m': { load: get('/1m', 32), unit: 'MiB', targets: bulk },
    '100m': { load: get('/100m', 4), unit: 'MiB', targets: bulk },
    '100m-up': { load: ['upload', '--size', 100 * MIB, '--connections', 4], origin: 'perf', unit: 'MiB', targets: bulk },
    chunked: { load: get('/chunked', 32), origin: 'perf', unit: 'request' },
    mixed: { load: get(mixed, 32), unit: 'request' },
    'echo-64': { load: ['echo', '--size', 64, '--connections', 64], origin: 'perf', unit: 'message', targets: echo },
    'echo-64k': { load: ['echo', '--size', 65536, '--connections', 64], origin: 'perf', unit: 'message', targets: echo },
    sse: { load: ['events', '--connections', 1000], origin: 'perf', unit: 'event' },
    'idle-keepalive': { load: get('/small', 5000), memory: true, unit: 'connection', targets: [{ most: 512 }] },
    'idle-websocket': {
      load: ['echo', '--size', 64, '--connections', 5000], origin: 'perf', memory: true, unit: 'connection', targets: [{ most: 1024 }],
    },
    latency: { load: get('/small', 64), latency: true, unit: 'µs', targets: [to('best peer', 1)] },
    workspace: { workspace: true, unit: 'request', targets: [to('proxy_pass', 1.08)] },
  };
}

export const QUICK = ['small-64', 'new-connection', '100k', '1m', '100m', '100m-up', 'mixed', 'echo-64', 'idle-keepalive',
  'idle-websocket', 'latency'];
