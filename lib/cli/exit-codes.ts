/** How the program ends, for scripts. `ping` uses the first three only, as ping(8) does. */
export const ExitCode = {
  ok: 0,
  /** What was asked for was tried and failed: a statement, a ping; in `doctor`, something unforeseen. */
  failed: 1,
  /** Wrong arguments or connection string: nothing was tried. */
  usage: 2,
  /** This machine: Node.js, the addon, the client library, a file that was named. */
  local: 3,
  /** The name of the host, or the way to it. */
  network: 4,
  tls: 5,
  /** What answers is not a server, or refuses the login. */
  login: 6,
  /** The login succeeded, what came after did not. */
  server: 7,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
