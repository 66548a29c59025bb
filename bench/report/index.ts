import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { overviewChart, sectionChart } from './charts.js';
import { markdown, type Report } from './markdown.js';
import type { Section } from './samples.js';
import { scalingChart } from './scaling-chart.js';
import { summary } from './summary.js';

/** Writes the report, its pictures, the short form and every single measurement; gives the report's text. */
export async function writeReport(
  folder: string,
  name: string,
  shortFacts: string,
  report: Omit<Report, 'picture' | 'scalingPicture'>,
): Promise<string> {
  const { sections, pool, scaling } = report;
  const file = (suffix: string) => path.join(folder, `${name}${suffix}`);
  const pictures = file('');
  rmSync(pictures, { recursive: true, force: true });
  mkdirSync(sections.length > 0 || scaling.length > 0 ? pictures : folder, { recursive: true });
  for (const section of sections) {
    writeFileSync(path.join(pictures, pictureName(section)), await sectionChart(section));
  }
  if (sections.length > 0) {
    writeFileSync(path.join(pictures, 'overview.svg'), await overviewChart(sections));
    writeFileSync(file('-summary.md'), summary(sections, pool, shortFacts));
  }
  for (const of of new Set(scaling.map((point) => point.of))) {
    writeFileSync(path.join(pictures, scalingName(of)), await scalingChart(scaling, of));
  }
  const measurements = [...sections.flatMap((section) => section.samples), ...scaling];
  writeFileSync(file('.jsonl'), measurements.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const text = markdown({
    ...report,
    picture: (section) => `${name}/${pictureName(section)}`,
    scalingPicture: (of) => `${name}/${scalingName(of)}`,
  });
  writeFileSync(file('.md'), text);
  return text;
}

const scalingName = (of: string): string => `scaling-${of}.svg`;
const pictureName = ({ name, transport }: Section): string => `${name}-${transport}.svg`;
