const INITIAL_SIZE = 16 * 1024;

/** Up to this length a loop over the characters beats the call into C++. */
export const SHORT_STRING = 32;
/** From this length on, counting a string's bytes beats reserving three for each character. */
const LONG_STRING = 64 * 1024;

/** Larger ones are not kept, nor more than so many bytes of them. */
const LARGEST_KEPT = 512 * 1024;
const MOST_KEPT = 2 * 1024 * 1024;

const EMPTY = Buffer.allocUnsafeSlow(0);
const EMPTY_VIEW = new DataView(EMPTY.buffer);

/** Buffers of sinks that are used no more, for the next: memory that is new costs a page fault every 4 KB. */
const kept: Buffer[] = [];
let keptBytes = 0;

function takeBuffer(size: number): Buffer {
  const index = kept.findIndex(({ length }) => length >= size);
  if (index < 0) return Buffer.allocUnsafeSlow(size);
  const [buffer] = kept.splice(index, 1) as [Buffer];
  keptBytes -= buffer.length;
  return buffer;
}

function keepBuffer(buffer: Buffer): void {
  if (buffer.length > LARGEST_KEPT || keptBytes + buffer.length > MOST_KEPT) return;
  kept.push(buffer);
  keptBytes += buffer.length;
}

/** A buffer that grows, and is filled again and again. */
export class ByteSink {
  /** What is written is in the first {@link length} bytes; replaced by a larger one when it does not fit. */
  bytes: Buffer = takeBuffer(INITIAL_SIZE);
  view: DataView = new DataView(this.bytes.buffer);
  length = 0;

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    if (this.length + size > this.bytes.length) this.grow(this.length + size);
  }

  private grow(needed: number): void {
    let capacity = this.bytes.length;
    while (capacity < needed) capacity *= 2;
    const bytes = takeBuffer(capacity);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** Gives the buffer away: nobody may read it any more, and nothing more be written. */
  release(): void {
    keepBuffer(this.bytes);
    this.length = 0;
    this.bytes = EMPTY;
    this.view = EMPTY_VIEW;
  }

  /** Writes at most `SHORT_STRING` characters, for which there must be room; false unless all are ASCII other than NUL. */
  shortAscii(value: string, at: number): boolean {
    const { view } = this;
    const size = value.length;
    // Bits above the seventh show what is not ASCII, and NUL, which less one has all of them.
    let seen = 0;
    let i = 0;
    for (; i + 4 <= size; i += 4) {
      const a = value.charCodeAt(i);
      const b = value.charCodeAt(i + 1);
      const c = value.charCodeAt(i + 2);
      const d = value.charCodeAt(i + 3);
      seen |= a | (a - 1) | b | (b - 1) | c | (c - 1) | d | (d - 1);
      view.setInt32(at + i, (a << 24) | (b << 16) | (c << 8) | d);
    }
    for (; i < size; i++) {
      const code = value.charCodeAt(i);
      seen |= code | (code - 1);
      view.setInt8(at + i, code);
    }
    return (seen & ~0x7f) === 0;
  }

  /** Makes room for the text and `extra` bytes, and writes it `extra` bytes further on. Returns its length in bytes. */
  utf8(value: string, extra: number): number {
    const most = value.length < LONG_STRING ? value.length * 3 : Buffer.byteLength(value);
    this.reserve(extra + most);
    // Lone surrogates become U+FFFD, as in a parameter.
    return this.bytes.write(value, this.length + extra);
  }
}
