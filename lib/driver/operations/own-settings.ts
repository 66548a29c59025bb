import { AlteredSetting, TransactionStatus } from '../../addon/interface.js';
import type { Session } from '../session.js';
import { OwnCommands } from './own-commands.js';

/** The one style that dates are parsed in; in which order those that are sent have day and month stays as it is. */
export const ISO_DATES = 'SET datestyle TO ISO';
/** Floats have every digit that they hold; all servers take this number. */
export const ALL_DIGITS = 'SET extra_float_digits TO 3';

/** Sets back what the driver reads and writes values by, where a command has changed it. */
export class OwnSettings extends OwnCommands {
  /** Values would be read or written wrongly. */
  protected override readonly spoilsWhenRefused = true;
  readonly restores = true;

  protected first(session: Session): void {
    const commands = commandsFor(session);
    session.digitsAltered = false;
    session.native.script(session.slot, commands);
  }

  override ended(session: Session, transactionStatus: TransactionStatus): void {
    if (session.alteredSettings === 0) super.ended(session, transactionStatus);
    else this.spoil(session, 'a setting that the driver reads values by could not be set back');
  }
}

function commandsFor({ alteredSettings, digitsAltered, transactionStatus, facts }: Session): string {
  // In a transaction block only for as long as that lasts: what the session has behind it, it has reported before.
  const set = transactionStatus === TransactionStatus.Idle ? 'SET' : 'SET LOCAL';
  const commands: string[] = [];
  const altered = (setting: AlteredSetting): boolean => (alteredSettings & setting) !== 0;
  if (altered(AlteredSetting.DateStyle)) commands.push(`${set} datestyle TO ISO`);
  if (altered(AlteredSetting.ClientEncoding)) commands.push(`${set} client_encoding TO UTF8`);
  if (altered(AlteredSetting.ConformingStrings)) {
    const atLogin = facts?.parameter('standard_conforming_strings') === 'off' ? 'off' : 'on';
    commands.push(`${set} standard_conforming_strings TO ${atLogin}`);
  }
  if (digitsAltered) commands.push(ALL_DIGITS);
  return commands.join('; ');
}
