import type { Session } from '../session.js';
import { OwnCommands } from './own-commands.js';

/** Sets again what the driver needs a session to be set to, where a command has set it back. */
export class OwnSettings extends OwnCommands {
  /** Values would be read or written wrongly. */
  protected override readonly spoilsWhenRefused = true;
  readonly restores = true;

  constructor(
    private readonly sql: string,
    limit: number,
  ) {
    super(limit);
  }

  protected first(session: Session): void {
    session.native.script(session.slot, this.sql);
  }
}
