import type { Session } from '../session.js';
import { OwnCommands } from './own-commands.js';

/** Runs a text, to see that the session's server is still there, or to bring the session into a known state. */
export class Check extends OwnCommands {
  /**
   * @param limit ms
   * @param done told once, before the session goes idle or after it was closed; `session` is undefined if the check was
   * refused before it got one
   */
  constructor(
    private readonly sql: string,
    limit: number,
    private readonly done: (session: Session | undefined, alive: boolean) => void,
  ) {
    super(limit);
  }

  protected first(session: Session): void {
    session.native.script(session.slot, this.sql);
  }

  protected override over(session: Session | undefined, alive: boolean): void {
    this.done(session, alive);
  }
}
