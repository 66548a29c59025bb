import { isInPath } from '../../../scripts/prebuild.mjs';

/** Throws with the command that installs them if programs are not in PATH. By program: the Debian package. */
export function requirePrograms(what: string, programs: Readonly<Record<string, string>>): void {
  const missing = Object.entries(programs).filter(([program]) => !isInPath(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  throw new Error(
    `${what} need ${missing.map(([program]) => program).join(', ')}, which this system lacks. On Debian: ` +
      `apt-get install --no-install-recommends ${packages}`,
  );
}
