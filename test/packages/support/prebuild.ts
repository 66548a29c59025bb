/** Makes the prebuilt addon for this machine, as it is published, unless there is one of the present sources. */
export async function prebuildHost(): Promise<void> {
  const { hashOf, isCurrent, markCurrent } = await import('../../../scripts/build-support.mjs');
  const { buildPrebuild, isTarget, prebuildPath } = await import('../../../scripts/prebuild.mjs');
  const host = `${process.platform}-${process.arch}`;
  if (!isTarget(host)) throw new Error(`The package has no addon for ${host}.`);
  const inputs = hashOf(['native', 'scripts/build-addon.mjs', 'scripts/prebuild.mts']);
  if (isCurrent(`prebuild-${host}`, prebuildPath(host), inputs)) return;
  buildPrebuild(host);
  markCurrent(`prebuild-${host}`, inputs);
}
