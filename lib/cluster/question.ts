import { type GivingUp, unlessGivenUp } from '../base/given-up.js';
import { nothing } from '../base/nothing.js';
import { RowMode, type NativeFailure } from '../addon/interface.js';
import { commandError } from '../driver/failure.js';
import { OwnCommands } from '../driver/operations/own-commands.js';
import type { StatementResult } from '../driver/result-shape.js';
import type { Operation, Session } from '../driver/session.js';
import { ConnectionError } from '../errors/index.js';
import { TypeMap } from '../types/type-map.js';
import { endOfLast, placeOf, positionText } from './position.js';

/** What a server has said of itself. */
export interface Observation {
  readonly standby: boolean;
  /** Of a primary, up to where it has written; of a standby, up to where it shows the primary's changes. */
  readonly place: bigint;
  /** 0 where the server does not say. */
  readonly timeline: number;
  /** `performance.now()` when it was asked, and when it had answered. */
  readonly asked: number;
  readonly answered: number;
}

/**
 * In one statement, so that its parts fit together. The place of a primary is the end of what it has put into its log and
 * not of what is on disk: also a commit that does not wait for the disk lies before it. A standby's timeline is that of what
 * it receives, which is only shown to members of pg_read_all_stats, or the one that its control file has, which can be
 * an older one for some minutes. The names beginning with pg_ are there in every mode of KingbaseES.
 */
const question = (standbyTimeline: string, block: string): string => `SELECT pg_is_in_recovery() AS standby,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END AS place,
  CASE WHEN pg_is_in_recovery() THEN ${standbyTimeline}
    ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END AS timeline,
  ${block} AS block`;

const WITH_TIMELINE = question(
  'cast(greatest((SELECT max(received_tli) FROM pg_stat_wal_receiver), ' +
    '(SELECT min_recovery_end_timeline FROM pg_control_recovery())) AS varchar(20))',
  "cast(current_setting('wal_block_size', true) AS varchar(20))",
);
const NOT_TOLD = 'cast(NULL AS varchar(20))';
const WITHOUT = question(NOT_TOLD, NOT_TOLD);

/** What is said where a function or view is not there, or not for everybody. */
const NOT_TO_BE_HAD = /^(42883|42P01|42501|42703)$/;

const AS_TEXT = new TypeMap();

/** Asks a server what it is and how far it has come. */
export class Question extends OwnCommands {
  private readonly asked = performance.now();
  private rows: unknown[] | undefined;
  private failure: NativeFailure | undefined;
  private simple = false;

  /** @param limit ms */
  constructor(
    limit: number,
    private readonly resolve: (observation: Observation) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    super(limit);
  }

  protected first(session: Session): void {
    this.ask(session, WITH_TIMELINE);
  }

  private ask({ native, slot, core }: Session, sql: string): void {
    native.script(slot, sql, 0, 0, RowMode.Array, core.typeMapId(AS_TEXT));
  }

  protected override next(session: Session, failure?: NativeFailure): boolean {
    this.failure = failure;
    if (this.simple || !NOT_TO_BE_HAD.test(failure?.fields?.['C'] ?? '')) return false;
    this.simple = true;
    this.failure = undefined;
    this.ask(session, WITHOUT);
    return true;
  }

  override result(_session: Session, { rows }: StatementResult): void {
    this.rows = rows;
  }

  /** No session could be had: why, is the caller's news. */
  override refuse(error: unknown): void {
    this.reject(error);
  }

  protected override over(session: Session | undefined, alive: boolean): void {
    const { failure, rows, asked } = this;
    const address = session?.address ?? '';
    if (!alive) {
      this.reject(unanswered(address));
      return;
    }
    if (failure !== undefined) {
      this.reject(commandError(failure, address));
      return;
    }
    const observation = read((rows as unknown[][] | undefined)?.[0], asked);
    if (observation === undefined) this.reject(senseless(address));
    else this.resolve(observation);
  }
}

function read(row: unknown[] | undefined, asked: number): Observation | undefined {
  const [standby, place, timeline, block] = row ?? [];
  if (typeof standby !== 'boolean' || typeof place !== 'string' || !/^[\dA-F]+\/[\dA-F]+$/i.test(place)) {
    return undefined;
  }
  const number = typeof timeline === 'string' ? parseInt(timeline, standby ? 10 : 16) : 0;
  return {
    standby,
    place: !standby && Number(block) > 0 ? endOfLast(placeOf(place), Number(block)) : placeOf(place),
    timeline: Number.isNaN(number) ? 0 : number,
    asked,
    answered: performance.now(),
  };
}

function unanswered(address: string): ConnectionError {
  return new ConnectionError(
    'KB_CONNECTION_LOST',
    `The server at ${address} did not say what it is and how far it has come.`,
    {
      outcome: 'not-sent',
      address,
      hint: 'The server or the network is down, or the answer took longer than pool.heartbeatTimeout.',
    },
  );
}

/** A standby that has replayed nothing yet has no place. */
function senseless(address: string): ConnectionError {
  return new ConnectionError(
    'KB_CONNECT_SESSION_ATTRS',
    `The server at ${address} does not say whether it is a primary or a standby and how far it has come.`,
    {
      outcome: 'not-sent',
      address,
      hint: 'A standby that has just been started knows later. Others may not be reached by streaming replication.',
    },
  );
}

/**
 * Asks the session, which must be idle and nobody else's. Where it is given up nothing more is waited for, and the session is
 * for the caller to close.
 */
export function observe(session: Session, limit: number, givingUp?: GivingUp): Promise<Observation> {
  const answer = new Promise<Observation>((resolve, reject) => {
    session.run(new Question(limit, resolve, reject));
  });
  return givingUp === undefined ? answer : unlessGivenUp(answer, givingUp, nothing);
}

/**
 * The position of the one server that there is, as `positionText` has it.
 *
 * @param start runs what asks for it, within the caller's own limit
 * @param limit ms for the server's answer
 */
export function asOf(
  start: (create: (fail: (error: unknown) => void) => Operation, reject: (error: unknown) => void) => void,
  limit: number,
): Promise<string> {
  return new Promise<Observation>((resolve, reject) => {
    start((fail) => new Question(limit, resolve, fail), reject);
  }).then(positionText);
}

/**
 * Whether a read that failed with this on a standby may be run elsewhere: nothing of it can have had an effect.
 *
 * @param automatic it was taken for a read by its text
 */
export function mayRunElsewhere(failure: NativeFailure, automatic: boolean): boolean {
  const code = failure.fields?.['C'] ?? '';
  if (failure.lost) return failure.reason === undefined;
  return ELSEWHERE.has(code) || (automatic && code === NO_TABLE);
}

/** Of these the first is what a standby says to whatever would write; the next two are how replay stops what is in its way. */
const ELSEWHERE: ReadonlySet<string> = new Set(['25006', '40001', '40P01', '57P01', '57P02', '57P03']);

/** Where nobody said that it reads, it may be about a temporary table, which no standby has. */
const NO_TABLE = '42P01';

/** Whether no standby would serve it. */
export function needsPrimary(failure: NativeFailure): boolean {
  const code = failure.fields?.['C'];
  return code === '25006' || code === NO_TABLE;
}
