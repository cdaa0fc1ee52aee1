/**
 * The facility's instruments whose file prefixes differ from their name (DESIGN: "try every prefix of the instrument").
 * Instruments that are not listed use their own name. A configured instrument may name its prefixes itself.
 */
const prefixesByInstrument: Readonly<Record<string, readonly string[]>> = {
  ALF: ['ALF'],
  CRISP: ['CRISP', 'CSP'],
  EMU: ['EMU'],
  ENGINX: ['ENGINX', 'ENG'],
  GEM: ['GEM'],
  HET: ['HET'],
  HIFI: ['HIFI', 'HIF'],
  HRPD: ['HRPD', 'HRP'],
  IMAT: ['IMAT', 'IMA'],
  INES: ['INES', 'INS'],
  INTER: ['INTER', 'INT'],
  IRIS: ['IRIS', 'IRS'],
  LARMOR: ['LARMOR', 'LAR'],
  LET: ['LET'],
  LOQ: ['LOQ'],
  MAPS: ['MAPS', 'MAP'],
  MARI: ['MARI', 'MAR'],
  MERLIN: ['MERLIN', 'MER'],
  MUSR: ['MUSR', 'MUS'],
  NIMROD: ['NIMROD', 'NIM'],
  OFFSPEC: ['OFFSPEC', 'OFF'],
  OSIRIS: ['OSIRIS', 'OSI'],
  PEARL: ['PEARL', 'PRL'],
  POLARIS: ['POLARIS', 'POL'],
  POLREF: ['POLREF', 'PRF'],
  SANDALS: ['SANDALS', 'SLS'],
  SANS2D: ['SANS2D', 'SAN'],
  SURF: ['SURF', 'SRF'],
  SXD: ['SXD'],
  TOSCA: ['TOSCA', 'TSC'],
  VESUVIO: ['VESUVIO', 'EVS', 'VES'],
  WISH: ['WISH', 'WSH'],
  ZOOM: ['ZOOM', 'ZOO'],
}

/** `enginx`, `NDXENGINX` and ` ENGINX ` all mean ENGINX. Undefined where the text cannot be an instrument's name. */
export const parseInstrumentName = (text: string): string | undefined => {
  const name = text.trim().toUpperCase()
  if (!/^[A-Z][A-Z0-9_-]{0,31}$/.test(name)) return undefined
  return name.startsWith('NDX') && name.length > 3 ? name.slice(3) : name
}

/** File name prefixes to try for an instrument, its full name first. */
export const filePrefixes = (instrument: string): readonly string[] => prefixesByInstrument[instrument] ?? [instrument]

/** The instrument's folder in the archive. */
export const archiveFolder = (instrument: string): string => `NDX${instrument}`
