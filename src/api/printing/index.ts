export { type Column, type RowCondition, type Table, type TableOptions, type TableRow, tableOf } from './table.ts';
