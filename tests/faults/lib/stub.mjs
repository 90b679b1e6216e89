// The smallest workspace image: one static program that answers /healthz and keeps a note in the home volume
// (tests/integration/orchestrator/runtime/stub_workspace.c). It starts and stops in a fraction of code-server's time.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = new URL('../../integration/orchestrator/runtime/stub_workspace.c', import.meta.url).pathname;

// Its name, after making it if there is none of this source. The tag is the source's digest.
export function stubImage(...docker) {
  const image = `hearth/stub-workspace:${createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)}`;
  const run = (...args) => execFileSync('docker', [...docker, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    run('image', 'inspect', image);
    return image;
  } catch { /* make it */ }
  const directory = mkdtempSync(join(tmpdir(), 'hearth-stub-'));
  try {
    const tree = join(directory, 'tree'), home = join(tree, 'home/coder'), archive = join(directory, 'image.tar');
    mkdirSync(home, { recursive: true });
    execFileSync('cc', ['-O1', '-static', '-o', join(tree, 'stub'), source]);
    execFileSync('tar', ['-C', tree, '--owner=1000', '--group=1000', '-cf', archive, '.']);
    run('import', '--change', 'ENTRYPOINT ["/stub"]', archive, image);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return image;
}
