import type { LibraryAttempt } from '../library-attempt.js';

export type Language = 'en' | 'zh';

/** What an explanation may speak of: the properties of this package's errors, all but two of them optional. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly cause?: unknown;
  readonly stage?: string;
  readonly outcome?: string;
  readonly address?: string;
  readonly attempts?: readonly LibraryAttempt[];
  readonly stats?: { readonly maxOpenConnections: number; readonly inUse: number; readonly idle: number };
  readonly parameterIndex?: number;
  readonly rowIndex?: number;
  readonly where?: string;
  readonly detail?: string;
  readonly position?: number;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly dataType?: string;
}

export interface Wording {
  /** What happened, in a sentence or two. */
  readonly headline: string;
  /** The likely causes, the likeliest first. */
  readonly causes: readonly string[];
  readonly actions: readonly string[];
}

/** What is known about one kind of failure. The first topic that fits an error explains it; `topicOf` has the order. */
export interface Topic {
  /** SQLSTATEs, classes of them (two characters) and `KB_…` codes; `KB` is the class of all of these. */
  readonly codes: readonly string[];
  /** For codes that say too little: how the message is recognised in either language of a server or library. */
  readonly text?: Readonly<Record<Language, RegExp>>;
  readonly when?: (error: ErrorFacts) => boolean;
  /** What the error's `cause` is about says more than this topic's own causes, where it is known. */
  readonly explainsCause?: true;
  /** Texts of the error itself that tell more than the general advice. */
  readonly shows?: readonly ('detail' | 'hint')[];
  /** The remedy of the library that failed, which is known from the file, goes before the general advice. */
  readonly showsRemedy?: true;
  readonly en: Wording;
  readonly zh: Wording;
}
