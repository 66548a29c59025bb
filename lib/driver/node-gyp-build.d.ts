declare module 'node-gyp-build' {
  interface NodeGypBuild {
    /** Loads the addon built in, or prebuilt for, the package at `directory`. */
    (directory: string): unknown;
    /** Where that addon is. Throws if there is none for this system. */
    resolve(directory: string): string;
  }
  const load: NodeGypBuild;
  export default load;
}
