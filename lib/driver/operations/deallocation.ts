import type { Session } from '../session.js';
import { OwnCommands } from './own-commands.js';

/**
 * Closes prepared statements on the server: no library before libpq 17 has a call for it. One by one, since the first
 * that the server no longer has would keep it from closing those after it.
 */
export class Deallocation extends OwnCommands {
  private done = 0;

  /** @param names of prepared statements, one at least */
  constructor(
    private readonly names: readonly string[],
    limit: number,
  ) {
    super(limit);
  }

  protected first(session: Session): void {
    this.next(session);
  }

  protected override next(session: Session): boolean {
    const name = this.names[this.done++];
    if (name === undefined) return false;
    session.native.script(session.slot, `DEALLOCATE ${name}`);
    return true;
  }
}
