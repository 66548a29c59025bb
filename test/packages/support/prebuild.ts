import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from './npm.js';

const root = path.resolve(__dirname, '../../..');

/** Makes the prebuilt addon for this machine, as it is published, unless there is one of the present sources. */
export async function prebuildHost(): Promise<void> {
  const file = path.join(
    root,
    'prebuilds',
    `${process.platform}-${process.arch}`,
    'kingbase-native.glibc.node',
  );
  if (existsSync(file)) return;
  rmSync(path.dirname(file), { recursive: true, force: true });
  await run(
    path.join(root, 'node_modules', '.bin', 'prebuildify'),
    ['--napi', '--strip', '--tag-libc'],
    root,
    {
      ...process.env,
      npm_config_nodedir: path.join(root, 'build', 'nodedir'),
    },
  );
}
