// Follows /api/v1/events: server-sent events with backoff, and polling while the stream is down.
//
// follow({onEvent, onState, poll, pollMs, pauseHidden}) → {stop}
//   onEvent(type, data)  connected | workspace
//   onState(state)       live | reconnecting
//   poll()               async; called at once when the stream breaks and every pollMs until it is back
//   pauseHidden          close the stream while the tab is hidden: browsers allow only six HTTP/1.1 connections per site
import {backoff} from './format.js';

const kSilenceMs = 40000;  // heartbeats come every 15 s

export function follow({onEvent, onState, poll, pollMs = 5000, pauseHidden = false}) {
  let source = null;
  let attempt = 0;
  let stopped = false;
  let retryTimer = 0;
  let silenceTimer = 0;
  let pollTimer = 0;

  function heard() {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(broken, kSilenceMs);
  }

  function alive() {
    attempt = 0;
    clearTimeout(pollTimer);
    pollTimer = 0;
    onState('live');
    heard();
  }

  function receive(type) {
    return (event) => {
      if (type !== 'heartbeat') {
        let data;
        try {
          data = JSON.parse(event.data);
        } catch {
          return;
        }
        onEvent(type, data);
      }
      if (!stopped) heard();
    };
  }

  function open() {
    retryTimer = 0;
    source = new EventSource('/api/v1/events');
    source.addEventListener('open', alive);
    source.addEventListener('error', broken);
    for (const type of ['connected', 'workspace', 'heartbeat']) source.addEventListener(type, receive(type));
  }

  function close() {
    source?.close();
    source = null;
    clearTimeout(retryTimer);
    clearTimeout(silenceTimer);
    retryTimer = 0;
  }

  // EventSource gives up for good on an answer other than 200, so the retries are ours.
  function broken() {
    if (stopped) return;
    close();
    onState('reconnecting');
    if (!pollTimer) pollOnce();
    retryTimer = setTimeout(open, backoff(attempt++));
  }

  async function pollOnce() {
    pollTimer = -1;
    try {
      await poll();
    } finally {
      if (!stopped && pollTimer === -1) pollTimer = setTimeout(pollOnce, pollMs);
    }
  }

  function onVisibility() {
    if (document.hidden) {
      close();
      clearTimeout(pollTimer);
      pollTimer = 0;
    } else if (!source && !retryTimer) {
      open();
    }
  }

  if (pauseHidden) document.addEventListener('visibilitychange', onVisibility);
  addEventListener('pagehide', close);
  addEventListener('pageshow', (event) => {
    if (event.persisted && !stopped && !source) open();
  });
  if (!(pauseHidden && document.hidden)) open();

  return {
    stop() {
      stopped = true;
      close();
      clearTimeout(pollTimer);
      document.removeEventListener('visibilitychange', onVisibility);
    },
  };
}
