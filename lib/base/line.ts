interface Place<T> {
  readonly item: T;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
}

/**
 * Those who wait, first come first served. However long the line is, coming, being served and leaving it from the middle
 * take the same short time: under load everything queues, and one signal can take thousands out at once.
 */
export class Line<T, K = T> implements Iterable<T> {
  private head: Place<T> | undefined;
  private tail: Place<T> | undefined;
  private count = 0;
  /** Where each one stands; made when the first leaves from the middle, which most lines never see. */
  private places: Map<K, Place<T>> | undefined;

  /** @param keyOf by what an item is found, and stands in the line once at most */
  constructor(private readonly keyOf: (item: T) => K) {}

  get length(): number {
    return this.count;
  }

  get first(): T | undefined {
    return this.head?.item;
  }

  /** Comes last. */
  push(item: T): void {
    const place: Place<T> = { item, before: this.tail, after: undefined };
    if (this.tail === undefined) this.head = place;
    else this.tail.after = place;
    this.tail = place;
    this.count++;
    this.places?.set(this.keyOf(item), place);
  }

  /** Comes before all others. */
  unshift(item: T): void {
    const place: Place<T> = { item, before: undefined, after: this.head };
    if (this.head === undefined) this.tail = place;
    else this.head.before = place;
    this.head = place;
    this.count++;
    this.places?.set(this.keyOf(item), place);
  }

  /** Takes the first. */
  shift(): T | undefined {
    const place = this.head;
    if (place === undefined) return undefined;
    this.unlink(place, undefined);
    return place.item;
  }

  /** Takes one out, wherever it stands; undefined where it is not there. */
  remove(key: K): T | undefined {
    const place = this.placeOf(key);
    if (place === undefined) return undefined;
    this.unlink(place, key);
    return place.item;
  }

  /** Empties the line. */
  takeAll(): T[] {
    const all = [...this];
    this.head = undefined;
    this.tail = undefined;
    this.count = 0;
    this.places = undefined;
    return all;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let place = this.head; place !== undefined; place = place.after) yield place.item;
  }

  private placeOf(key: K): Place<T> | undefined {
    // Whom one signal takes out leave in the order in which they came: no index is needed for them.
    if (this.head !== undefined && this.keyOf(this.head.item) === key) return this.head;
    if (this.places === undefined) {
      this.places = new Map();
      for (let place = this.head; place !== undefined; place = place.after) {
        this.places.set(this.keyOf(place.item), place);
      }
    }
    return this.places.get(key);
  }

  /** @param key of what stands there, where it is known */
  private unlink(place: Place<T>, key: K | undefined): void {
    if (place.before === undefined) this.head = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) this.tail = place.before;
    else place.after.before = place.before;
    this.count--;
    // An empty line needs no index, and the next may be one that nobody leaves early.
    if (this.count === 0) this.places = undefined;
    else this.places?.delete(key ?? this.keyOf(place.item));
  }
}
