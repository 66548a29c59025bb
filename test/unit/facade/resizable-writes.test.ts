import { expect, it } from 'vitest';
import { GatheringWritable } from '../../../lib/facade/streams/gathering-writable.js';

type Resizable = ArrayBuffer & { resize(length: number): void };
const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => Resizable;

/** Keeps what it is given, as the core does while it reads. */
class Keeping extends GatheringWritable {
  readonly given: Buffer[] = [];
  protected send(pieces: readonly Buffer[]): Promise<void> {
    this.given.push(...pieces);
    return Promise.resolve();
  }
  protected complete(): Promise<void> {
    return Promise.resolve();
  }
}

it.each([1, 3])(
  'bytes that the program can take away are copied before they are sent, %i at a time',
  async (count) => {
    const stream = new Keeping(64, 1 << 20, 1 << 20);
    const memories = Array.from({ length: count }, () => new ResizableBuffer(1000, { maxByteLength: 2000 }));
    stream.cork();
    for (const memory of memories) stream.write(Buffer.from(memory as ArrayBuffer).fill(7));
    stream.uncork();
    await new Promise((resolve) => stream.end(resolve));
    for (const memory of memories) memory.resize(0);
    expect(Buffer.concat(stream.given)).toEqual(Buffer.alloc(1000 * count, 7));
  },
);
