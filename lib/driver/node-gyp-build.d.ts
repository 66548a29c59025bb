declare module 'node-gyp-build' {
  /** Loads the addon built in, or prebuilt for, the package at `directory`. */
  export default function load(directory: string): unknown;
}
