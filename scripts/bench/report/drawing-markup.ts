/** A figure, and a table, as markup of the page. */
import { drawKey } from '../draw/compose-svg.ts';
import type { DataTable, Drawing } from '../draw/drawing.ts';
import { html, Markup } from '../draw/html.ts';

/** Wider than this, a panel takes the whole line. */
const halfWidth = 520;

export function drawingMarkup(drawing: Drawing): Markup {
  const wide = drawing.panels.some((panel) => panel.width > halfWidth);
  return html`<section id="${drawing.id}">
    <figure>
      <h2>${drawing.title}</h2>
      <p class="caption">${drawing.caption}</p>
      <ul class="legend">
        ${drawing.legend.map(
          (entry) =>
            html`<li>
              <svg width="26" height="12" aria-hidden="true">${new Markup(drawKey(entry))}</svg>${entry.label}
            </li>`,
        )}
      </ul>
      <div class="panels${wide ? ' wide' : ''}">
        ${drawing.panels.map(
          (panel) =>
            html`<div class="panel" style="max-width: ${Math.round(panel.width * 1.15)}px">
              <h3>${panel.title}</h3>
              ${new Markup(panel.svg)}
            </div>`,
        )}
      </div>
    </figure>
    <details>
      <summary>
        The values as a table; the picture as <a href="${drawing.id}.svg">SVG</a>,
        <a href="${drawing.id}.png">PNG</a>
      </summary>
      ${tableMarkup(drawing.table)}
    </details>
  </section>`;
}

/** @param marked indexes of the rows that stand out. */
export function tableMarkup(table: DataTable, marked: ReadonlySet<number> = new Set()): Markup {
  const isNumber = table.columns.map((_, column) =>
    table.rows.every((row) => looksLikeNumber(row[column] ?? null)),
  );
  const classOf = (column: number, text: string): Markup | null => {
    if (isNumber[column] === true) return new Markup(' class="number"');
    return text.length > 60 ? new Markup(' class="long"') : null;
  };
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${table.columns.map((name, column) => html`<th${classOf(column, '')}>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${table.rows.map(
          (row, index) =>
            html`<tr${marked.has(index) ? new Markup(' class="marked"') : null}>${row.map(
              (field, column) => html`<td${classOf(column, String(field))}>${field ?? '–'}</td>`,
            )}</tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** "1,234", "1.5 (1.4–1.6)", "–": fields that are aligned to the right. */
function looksLikeNumber(field: string | number | null): boolean {
  return field === null || typeof field === 'number' || /^[-–]?[\d.,]+×?( |$)/.test(field);
}
