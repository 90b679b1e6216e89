// What a workspace row means to a person, and how events change the list. Pure functions over API rows; no DOM.

const kBusyText = {
  PROVISIONING: 'Creating its home volume',
  STARTING: 'Starting its container',
  STOPPING: 'Stopping its container',
  ARCHIVING: 'Archiving its files',
  CREATE_EMPTY_ARCHIVE: 'Preparing its archive',
  RESTORING: 'Restoring its files from the archive',
  DELETING: 'Removing container and volume',
};

const kReasonText = {
  DataLost: 'Files that should be there were not found',
  ImagePullFailed: 'The image could not be fetched',
  ContainerWithoutVolume: 'The container has no home volume',
  ArchiveCorrupted: 'The archive is damaged',
  Timeout: 'It took too long',
  NameConflict: 'Its container or volume name is taken by something else',
  CrashLoop: 'The editor keeps crashing',
  ActionFailed: 'The container runtime refused',
  Unreachable: 'The container runtime cannot be reached',
};

export function reasonText(reason) {
  return kReasonText[reason] ?? (reason || 'Something went wrong');
}

export function isGone(row) {
  return row.deleted === true || Boolean(row.deleted_at) || row.desired_state === 'DELETED' ||
    row.phase === 'DELETED' || row.phase === 'DELETING';
}

function busyOperation(row) {
  return row.operation && row.operation !== 'NONE' ? row.operation : '';
}

// The word and colour for a row: {label, tone: ok|busy|idle|error, detail}.
export function describe(row) {
  const operation = busyOperation(row);
  const trouble = row.error && row.error.reason ? row.error : null;
  if (row.phase === 'ERROR') {
    return {label: 'Error', tone: 'error', detail: trouble ? reasonText(trouble.reason) : 'Something went wrong'};
  }
  if (isGone(row)) return {label: 'Deleting', tone: 'busy', detail: kBusyText.DELETING};
  const retry = trouble ? `${reasonText(trouble.reason)}; trying again` : '';
  const waiting = typeof row.waiting_for === 'string' ? row.waiting_for : '';
  const busy = (label) => ({label, tone: 'busy', detail: retry || waiting || kBusyText[operation] || ''});
  if (row.desired_state === 'RUNNING') {
    if (row.phase === 'RUNNING' && !operation) return {label: 'Running', tone: 'ok', detail: retry};
    if (row.phase === 'PENDING') return busy('Creating');
    if (row.phase === 'ARCHIVED') return busy('Restoring');
    if (operation === 'STOPPING') return busy('Restarting');
    return busy(row.phase === 'RUNNING' ? 'Running' : 'Starting');
  }
  if (row.phase === 'RUNNING' || operation === 'STOPPING') return busy('Stopping');
  if (row.desired_state === 'ARCHIVED' && row.phase !== 'ARCHIVED') return busy('Archiving');
  if (operation) return busy(operation === 'STARTING' ? 'Stopping' : 'Working');
  if (row.phase === 'ARCHIVED') return {label: 'Archived', tone: 'idle', detail: retry};
  if (row.phase === 'PENDING') return busy('Preparing');
  return {label: 'Sleeping', tone: 'idle', detail: retry};
}

// Which buttons a row offers.
export function actionsFor(row) {
  if (isGone(row)) return {open: false, start: false, stop: false, recover: false, remove: false};
  const failed = row.phase === 'ERROR';
  const wanted = row.desired_state === 'RUNNING';
  return {
    open: !failed && (wanted || row.phase === 'STANDBY'),
    start: !failed && !wanted,
    stop: !failed && wanted,
    recover: failed,
    remove: true,
  };
}

// The list as a Map of id → row. Each function answers a new Map, or the same one when nothing changed.
export function replaceAll(rows) {
  return new Map(rows.filter((row) => !isGone(row)).map((row) => [row.id, row]));
}

export function applyRow(list, row) {
  if (!row || !row.id) return list;
  const known = list.get(row.id);
  if (isGone(row)) {
    if (!known) return list;
    const next = new Map(list);
    next.delete(row.id);
    return next;
  }
  // An answer may arrive after a newer event.
  if (known && known.updated_at && row.updated_at && Date.parse(row.updated_at) < Date.parse(known.updated_at)) return list;
  const next = new Map(list);
  next.set(row.id, {...known, ...row});
  return next;
}

// One server-sent event: `connected` carries the whole list, `workspace` one row.
export function applyEvent(list, type, data) {
  if (type === 'connected' && Array.isArray(data?.workspaces)) return replaceAll(data.workspaces);
  if (type === 'workspace') return applyRow(list, data?.workspace ?? data);
  return list;
}

export function sorted(list) {
  return [...list.values()].sort((a, b) =>
    String(b.created_at ?? '').localeCompare(String(a.created_at ?? '')) || String(a.id).localeCompare(String(b.id)));
}

export function matches(row, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [row.name, row.description, row.image, row.id, describe(row).label].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}

function isTrue(row, type) {
  return Array.isArray(row.conditions) && row.conditions.some((c) => c.type === type && c.status === 'True');
}

// The loading page's steps: [{key, title, state: done|now|todo|failed, text}].
export function steps(row) {
  const running = row.phase === 'RUNNING';
  const volume = running || row.phase === 'STANDBY' || isTrue(row, 'VolumePresent') && row.operation !== 'RESTORING';
  const container = running || isTrue(row, 'ContainerRunning') || isTrue(row, 'ContainerReady');
  const restoring = row.phase === 'ARCHIVED' || row.operation === 'RESTORING';
  const list = [
    {key: 'volume', title: 'Volume', done: volume,
     text: restoring ? 'Restoring your files from the archive' : 'Creating the volume for your files', doneText: 'Your files are in place'},
    {key: 'container', title: 'Container', done: volume && container,
     text: 'Starting the container; fetching its image can take minutes the first time', doneText: 'The container runs'},
    {key: 'editor', title: 'Editor', done: running, text: 'Waiting for the editor to answer', doneText: 'The editor is ready'},
  ];
  const stopping = row.operation === 'STOPPING';
  const failed = row.phase === 'ERROR';
  let current = true;
  return list.map(({key, title, done, text, doneText}) => {
    if (done && current && !stopping) return {key, title, state: 'done', text: doneText};
    const state = current ? (failed ? 'failed' : 'now') : 'todo';
    const first = current;
    current = false;
    if (first && failed) return {key, title, state, text: reasonText(row.error?.reason)};
    if (first && stopping) return {key, title, state, text: 'Finishing the stop that is under way, then starting again'};
    return {key, title, state, text: first ? text : ''};
  });
}

// What the loading page does with a row: go, failed, gone, stopped (nobody wants it up any more), or wait.
// `sawWanted`: some earlier row had desired_state RUNNING; `waitedMs`: since the page opened. The wake that showed this
// page may be committed a moment after the first snapshot was taken, so "not wanted" counts only after a while.
export function verdict(row, sawWanted, waitedMs) {
  if (isGone(row)) return 'gone';
  if (row.phase === 'ERROR') return 'failed';
  if (row.phase === 'RUNNING' && row.desired_state === 'RUNNING') return 'go';
  if (row.desired_state !== 'RUNNING' && (sawWanted || waitedMs > 5000)) return 'stopped';
  return 'wait';
}

// How long to wait before reloading into the workspace, given how many reloads from this page came just before:
// the worker that answered may learn of the phase a moment later than this page did.
export function reloadDelay(recentReloads) {
  return recentReloads === 0 ? 0 : Math.min(5000, 250 * 2 ** (recentReloads - 1));
}
