/** By Vega (https://vega.github.io/vega/docs/specification/), without a browser. */

/** What all pictures have. */
export const common = {
  $schema: 'https://vega.github.io/schema/vega/v6.json',
  // A picture is also looked at where the page is dark.
  background: 'white',
  padding: 8,
  config: {
    axis: { labelFontSize: 10, titleFontSize: 11, domain: false, ticks: false },
    text: { fontSize: 10 },
  },
};

export async function svg(specification: object): Promise<string> {
  // Not to be required: it awaits at its top level.
  const { parse, View } = await import('vega');
  const view = new View(parse(specification), { renderer: 'none' });
  const picture = await view.toSVG();
  view.finalize();
  return `${picture}\n`;
}
