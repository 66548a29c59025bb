/** Longest time that a timer takes, in ms. */
const LONGEST = 2_147_483_647;

/** Keeps the process alive, as an open socket does, from when it is taken until it is let go. */
export class Hold {
  private timer: NodeJS.Timeout | undefined;
  private counts = true;

  take(): void {
    if (this.timer !== undefined) return;
    this.timer = setInterval(() => undefined, LONGEST);
    if (!this.counts) this.timer.unref();
  }

  letGo(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  ref(): void {
    this.counts = true;
    this.timer?.ref();
  }

  unref(): void {
    this.counts = false;
    this.timer?.unref();
  }
}
