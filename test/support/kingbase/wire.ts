import { BodyReader, cString, type Message } from '../protocol.js';
import { MODES, RELEASES, type DatabaseMode, type Release } from './servers.js';

/**
 * What a CALL sends beside what PostgreSQL would, asked for by a comment in its text, as procedures with OUT parameters and
 * with several results are reported to do:
 *
 * - `out-later`: the row of OUT parameters comes behind the end of the command;
 * - `no-data`: there is a NoData before each row;
 * - `several`: everything up to the end of the command comes twice;
 * - `untagged`: columns and rows come twice before the one end of the command.
 */
type Marked = 'out-later' | 'no-data' | 'several' | 'untagged';
const MARK = /\/\* emulator: (out-later|no-data|several|untagged) \*\//;

const markOf = (sql: string): Marked | undefined => MARK.exec(sql)?.[1] as Marked | undefined;

/** Which way a parameter goes, as the vendor's drivers say in the types that they declare (IN, OUT, and one more). */
const DIRECTIONS = 0b111 << 29;

/** Of one length with the real name, so that positions in a text stay. */
const NO_CATALOGUE = 'no_catalog';

/** What only shows in the protocol, on one connection. */
export class KingbaseWire {
  private readonly marks = new Map<string, Marked | undefined>();
  private mark: Marked | undefined;
  /** Columns and rows of the command under way. */
  private answer: Message[] = [];

  constructor(
    private readonly release: Release,
    private readonly mode: DatabaseMode,
  ) {}

  /** What the server behind gets instead of a message of the client. */
  asServed({ type, body }: Message): Message {
    if (type === 'Q') {
      const sql = new BodyReader(body).cString();
      this.mark = markOf(sql);
      return { type, body: cString(this.rewritten(sql)) };
    }
    if (type === 'P') {
      const reader = new BodyReader(body);
      const name = reader.cString();
      const sql = reader.cString();
      this.marks.set(name, markOf(sql));
      const types = Buffer.from(reader.rest());
      for (let at = 2; at < types.length; at += 4)
        types.writeInt32BE(types.readInt32BE(at) & ~DIRECTIONS, at);
      return { type, body: Buffer.concat([cString(name), cString(this.rewritten(sql)), types]) };
    }
    if (type === 'B') {
      const reader = new BodyReader(body);
      reader.cString();
      this.mark = this.marks.get(reader.cString());
    }
    return { type, body };
  }

  private rewritten(sql: string): string {
    let text = RELEASES[this.release].pgCatalog ? sql : sql.replaceAll('pg_catalog', NO_CATALOGUE);
    if (MODES[this.mode].refusesBegin) {
      text = text
        .replace(/(^|;)(\s*)begin(?:\s+work)?\s*(?=;|$)/gi, '$1$2BEGIN ISOLATION')
        .replace(/(^|;)(\s*begin\s+tran)(?=\s|;|$)/gi, '$1$2SACTION');
    }
    return text;
  }

  /** What the client gets instead of a message of the server behind. */
  asAnswered(message: Message): Message[] {
    const { type, body } = message;
    if (type === 'S' && new BodyReader(body).cString() === 'server_version') {
      const { serverVersion } = RELEASES[this.release];
      return [{ type, body: Buffer.concat([cString('server_version'), cString(serverVersion)]) }];
    }
    const { mark } = this;
    if (type === 'Z') {
      this.mark = undefined;
      this.answer = [];
    }
    if (mark === undefined || !/[TDC]/.test(type)) return [message];
    if (type !== 'C') {
      this.answer.push(message);
      return [];
    }
    const { answer } = this;
    this.answer = [];
    switch (mark) {
      case 'out-later':
        return [
          ...answer.filter((each) => each.type === 'T'),
          message,
          ...answer.filter((each) => each.type === 'D'),
        ];
      case 'no-data':
        return [...answer.flatMap((each) => (each.type === 'D' ? [NO_DATA, each] : [each])), message];
      case 'several':
        return [...answer, message, ...answer, message];
      case 'untagged':
        return [...answer, ...answer, message];
    }
  }

  /** The words of an error as the server has them. */
  asReported(fields: ReadonlyMap<string, string>): Map<string, string> {
    return new Map(
      [...fields].map(([letter, text]) => [
        letter,
        text.replaceAll('pg_hba.conf', 'sys_hba.conf').replaceAll(NO_CATALOGUE, 'pg_catalog'),
      ]),
    );
  }
}

const NO_DATA: Message = { type: 'n', body: Buffer.alloc(0) };
