/**
 * Colours of the report. A drawing names them as CSS variables, so that the page may be light or dark; files get the light
 * values. The series are of Okabe and Ito's palette, which the colour-blind can tell apart, and each has its own mark too.
 */

export const lightColors = {
  paper: '#ffffff',
  ink: '#1d2733',
  faint: '#5f6b7a',
  grid: '#d9dfe6',
  measured: '#0072b2',
  original: '#c2520b',
  predicted: '#00795a',
  second: '#a4457d',
  third: '#9a6b00',
  fourth: '#4d4d8f',
  bad: '#c0272d',
} as const;

export const darkColors: Record<ColorName, string> = {
  paper: '#14191f',
  ink: '#e4e9ef',
  faint: '#9aa7b5',
  grid: '#2c353f',
  measured: '#56b4e9',
  original: '#f0884a',
  predicted: '#2fc79a',
  second: '#e08cc0',
  third: '#e6b43c',
  fourth: '#a9a9f0',
  bad: '#ff6b6b',
};

export type ColorName = keyof typeof lightColors;

export function colorOf(name: ColorName): string {
  return `var(--${name})`;
}

/** For a file, which has no page around it to say what a variable is. */
export function withLightColors(svg: string): string {
  return svg.replaceAll(/var\(--([a-z]+)\)/g, (whole, name: string) =>
    name in lightColors ? lightColors[name as ColorName] : whole,
  );
}
