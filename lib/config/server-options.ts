/**
 * The value of libpq's `options` that sets these parameters of the server. The server splits it at spaces, and in it a
 * backslash takes the next character as it is (libpq manual, `options`).
 */
export function serverOptions(parameters: Iterable<readonly [name: string, value: string]>): string {
  return [...parameters].map(([name, value]) => `-c ${name}=${value.replace(/[\s\\]/g, '\\$&')}`).join(' ');
}
