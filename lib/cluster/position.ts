import { UsageError } from '../errors/index.js';

/**
 * How far a server has come: a place in the log of all changes, and the timeline on which that lies, a number that grows
 * with each promotion. Places of different timelines can be equal and mean different changes.
 */
export interface Position {
  readonly timeline: number;
  readonly place: bigint;
}

/** Reads a pg_lsn, such as `16/B374D848`. */
export function placeOf(lsn: string): bigint {
  const [high = '', low = ''] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Bytes of the header of a page of the log, and of the first page of a file. */
const PAGE_HEADER = 24n;
const FILE_HEADER = 40n;

/**
 * Where the last record ends, of the place where a primary will put the next: at the end of a page that is after the next
 * page's header, and a standby that has replayed everything is before it. No record ends between the two, and where one
 * ends as far behind a page's begin it has begun before that, so that no standby is at the begin.
 *
 * @param block bytes of a page
 */
export function endOfLast(place: bigint, block: number): bigint {
  const within = place % BigInt(block);
  return within === PAGE_HEADER || within === FILE_HEADER ? place - within : place;
}

/** As a word that may travel in a cookie or a header. */
export function positionText({ timeline, place }: Position): string {
  return `${timeline.toString(16)}-${place.toString(16)}`;
}

/** Throws a UsageError (`KB_BAD_OPTION`) for what `positionText` has not made. */
export function readPosition(text: unknown): Position {
  const [, timeline, place] =
    (typeof text === 'string' && /^([\da-f]{1,8})-([\da-f]{1,16})$/.exec(text)) || [];
  if (timeline === undefined || place === undefined) {
    throw new UsageError('KB_BAD_OPTION', 'The option "after" must be a position as db.position() gives it.');
  }
  return { timeline: parseInt(timeline, 16), place: BigInt(`0x${place}`) };
}

/** Whether who is at `position` has everything up to `needed`. A newer timeline has what the older one had when it began. */
export function reaches(position: Position, needed: Position): boolean {
  return position.timeline >= needed.timeline && position.place >= needed.place;
}

/** What is at most so many bytes behind. */
export function before({ timeline, place }: Position, bytes: number): Position {
  const count = BigInt(bytes);
  return { timeline, place: place > count ? place - count : 0n };
}

/** What has everything of both. */
export function later(a: Position | undefined, b: Position | undefined): Position | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    timeline: Math.max(a.timeline, b.timeline),
    place: a.place > b.place ? a.place : b.place,
  };
}
