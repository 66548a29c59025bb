import { homedir, hostname, userInfo } from 'node:os';
import type { CertificateFacts } from './certificate.js';
import type { Target } from './report.js';
import type { Step } from './step.js';

/** What a report says instead of each name that is the reader's own. */
type Names = readonly (readonly [name: string, instead: string])[];

/** Addresses of the machine itself say nothing of anybody. */
const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|::1|)$/;

const IPV4 = /(?<![\w.])(?!127\.)\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/g;
const IPV6 = /(?<![\w:])(?!::1(?![\w:]))(?:[0-9a-f]{1,4}:{1,2}){3,7}[0-9a-f]{1,4}(?![\w:])/gi;

/** What many have, and what is a word of the report's own as well: it tells nothing of anybody. */
const COMMON = new Set(['system', 'test', 'postgres', 'kingbase', 'root', 'node', 'security', 'template1']);

/**
 * A report that can be shown to others: hosts, addresses, users, databases, the home directory and the names in certificates
 * are replaced, each name by the same words wherever it stands.
 */
export function redacted(
  steps: readonly Step[],
  target: Target | undefined,
): { steps: Step[]; target: Target | undefined } {
  const names = namesOf(steps, target);
  return { steps: replaced(steps, names) as Step[], target: replaced(target, names) as Target | undefined };
}

function namesOf(steps: readonly Step[], target: Target | undefined): Names {
  const hosts = [...new Set(target?.hosts.map(({ host }) => host))].filter((host) => !LOCAL.test(host));
  const names: [string, string][] = [
    ...hosts.map((host, at): [string, string] => [host, `<host ${at + 1}>`]),
    [target?.user ?? '', '<user>'],
    [target?.database ?? '', '<database>'],
    [homedir(), '~'],
    [userInfo().username, '<system user>'],
    [hostname(), '<this machine>'],
    ...certificateNames(steps).map((name): [string, string] => [name, '<certificate>']),
  ];
  // The longer first, so that a name inside of another does not leave the rest of it.
  return names
    .filter(([name]) => name.length > 1 && !COMMON.has(name))
    .sort(([a], [b]) => b.length - a.length);
}

function replaced(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return inText(value, names);
  if (Array.isArray(value)) return value.map((each) => replaced(each, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each, names)]));
}

/** Of the holders and issuers of the certificates that a server sent. */
function certificateNames(steps: readonly Step[]): string[] {
  const chains = steps.flatMap(({ facts }) =>
    Array.isArray(facts?.['chain']) ? (facts['chain'] as unknown[]) : [],
  );
  return (chains as CertificateFacts[]).flatMap(({ subject, issuer, names }) => [subject, issuer, ...names]);
}

function inText(text: string, names: Names): string {
  let result = text;
  for (const [name, instead] of names) {
    const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    result = result.replace(
      new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'gu'),
      () => instead,
    );
  }
  return result.replace(IPV4, '<address>').replace(IPV6, '<address>');
}
