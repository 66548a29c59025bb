/**
 * Addons that a bundle brings along. A bundler follows only requests it can read, so it finds no prebuilt addon by
 * itself; the entry points `kingbase-native/addon/<platform>` name theirs in words it understands and leave it here.
 */
const providers = new Map<string, () => unknown>();

/** `load` is called when the first connection is made, and only on `platform` (`process.platform`-`process.arch`). */
export function provideAddon(platform: string, load: () => unknown): void {
  providers.set(platform, load);
}

/** What loads the addon for the platform that this runs on; undefined where none was provided. */
export function providedAddon(): (() => unknown) | undefined {
  return providers.get(`${process.platform}-${process.arch}`);
}
