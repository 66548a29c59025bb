import type { TypeCatalogue } from './type-catalogue.js';
import { TypeMap } from './type-map.js';
import { typeOptionKey } from './type-option-key.js';
import type { TypeOptions } from './type-options.js';

/** Choices of calls that are remembered. */
const MOST_CHOICES = 100;

/** The type maps of one database: its own, and those of calls with choices of their own. */
export class TypeMaps {
  private generation = 0;
  private ownMap: TypeMap;
  /** What is the same by its contents is the same map; what was used last is last. */
  private byContents = new Map<string, TypeMap>();
  /** The same by the object that a program gives, which is often one and the same. */
  private byObject = new WeakMap<TypeOptions, TypeMap>();

  /** @throws UsageError `KB_BAD_OPTION` */
  constructor(
    private readonly options: TypeOptions | undefined,
    private readonly catalogue: TypeCatalogue,
  ) {
    this.ownMap = this.make(undefined);
  }

  /**
   * The map for a call's choices, or the database's own, with all that the catalogue says by now.
   *
   * @throws UsageError `KB_BAD_OPTION`
   */
  readonly of = (choices: TypeOptions | undefined): TypeMap => {
    const { generation } = this.catalogue;
    if (this.generation !== generation) {
      this.generation = generation;
      this.ownMap = this.make(undefined);
      this.byContents.clear();
      this.byObject = new WeakMap();
    }
    if (choices === undefined) return this.ownMap;
    return this.byObject.get(choices) ?? this.byItsContents(choices);
  };

  private byItsContents(choices: TypeOptions): TypeMap {
    const key = typeOptionKey(choices);
    const map = this.byContents.get(key) ?? this.make(choices);
    this.byContents.delete(key);
    this.byContents.set(key, map);
    if (this.byContents.size > MOST_CHOICES) {
      const [oldest] = this.byContents.keys();
      if (oldest !== undefined) this.byContents.delete(oldest);
    }
    this.byObject.set(choices, map);
    return map;
  }

  private make(choices: TypeOptions | undefined): TypeMap {
    return new TypeMap({ ...this.options, ...choices }, this.catalogue.known);
  }
}
