// What the Docker engine holds of one deployment, and cleaning it away.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export async function docker(...args) {
  const { stdout } = await run('docker', args, { maxBuffer: 16 << 20 });
  return stdout.trim();
}

const lines = (text) => text.split('\n').filter(Boolean);

const isJob = (container) => container.Config.Labels['hearth.role'] === 'job';

export class Deployment {
  constructor(name) {
    this.name = name;
    this.label = `label=hearth.deployment=${name}`;
  }

  // Inspected containers, running or not.
  async containers() {
    const ids = lines(await docker('ps', '-aq', '--no-trunc', '--filter', this.label));
    if (ids.length === 0) return [];
    return JSON.parse(await docker('inspect', ...ids).catch(() => '[]')); // one may vanish in between
  }

  async volumes() {
    return lines(await docker('volume', 'ls', '-q', '--filter', this.label));
  }

  async container(workspaceId) {
    return (await this.containers()).find((c) => c.Config.Labels['hearth.workspace'] === workspaceId && !isJob(c));
  }

  // Storage jobs, running or ended.
  async jobs(workspaceId) {
    return (await this.containers()).filter((c) => c.Config.Labels['hearth.workspace'] === workspaceId && isJob(c));
  }

  // Runs a shell command inside the workspace's container, as its user.
  async exec(workspaceId, command) {
    return docker('exec', `hearth-${this.name}-${workspaceId}`, 'sh', '-c', command);
  }

  // Starts a program inside and leaves it running.
  async spawn(workspaceId, ...command) {
    return docker('exec', '-d', `hearth-${this.name}-${workspaceId}`, ...command);
  }

  // Stops the editor's processes where they are: the port accepts connections, nobody answers.
  async freeze(workspaceId) {
    for (const { pid } of await this.editor(workspaceId)) process.kill(pid, 'SIGSTOP');
  }

  // Ends the process that listens while its parent, stopped, does not notice: the container runs, the port is closed.
  async deafen(workspaceId) {
    const [parent, listener] = await this.editor(workspaceId);
    process.kill(parent.pid, 'SIGSTOP');
    process.kill(listener.pid, 'SIGKILL');
  }

  // The editor's processes, oldest first, without the container's init.
  async editor(workspaceId) {
    const rows = lines(await docker('top', `hearth-${this.name}-${workspaceId}`, '-o', 'pid,args')).slice(1);
    return rows.map((row) => ({ pid: parseInt(row), args: row })).filter(({ args }) => /node .*code-server/.test(args));
  }

  async removeAll() {
    const ids = lines(await docker('ps', '-aq', '--filter', this.label));
    if (ids.length) await docker('rm', '-f', ...ids).catch(() => {});
    const volumes = await this.volumes();
    if (volumes.length) await docker('volume', 'rm', '-f', ...volumes).catch(() => {});
    await docker('network', 'rm', `hearth-${this.name}`).catch(() => {});
  }
}

export function containerAddress(container) {
  return Object.values(container.NetworkSettings.Networks).map((n) => n.IPAddress).find(Boolean);
}
