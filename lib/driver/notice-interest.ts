import type { NativeConnection } from '../addon/interface.js';

/**
 * Whether a program listens to the notices of its connections. A statement may bring a million of them: those that nobody
 * hears end where they come in, and no object is made for them.
 */
export class NoticeInterest {
  private readonly connections = new Set<NativeConnection>();
  private wanted = false;

  add(connection: NativeConnection): void {
    this.connections.add(connection);
    connection.wantNotices(this.wanted);
  }

  delete(connection: NativeConnection): void {
    this.connections.delete(connection);
  }

  set(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    for (const connection of this.connections) connection.wantNotices(wanted);
  }
}
