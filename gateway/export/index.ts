/** The finalized statements for people and other programs. The rules are in README.md. */
export { EXPORT_FORMATS, exportFormat, type ExportFormat, type ExportFormatName } from "./formats.ts";
export { exportRow, type ExportRow, measurementRow, type MeasurementRow, statementOf } from "./row.ts";
