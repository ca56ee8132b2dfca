/* The units of UCUM that clinical records use, by their definitions there. */
#include "context_unit.h"

/* clang-format off */
const struct unit_atom unit_atoms[] = {
    { "m", true, 1, 0 }, { "s", true, 1, 0 }, { "g", true, 1, 0 }, { "rad", true, 1, 0 }, { "K", true, 1, 0 },
    { "C", true, 1, 0 }, { "cd", true, 1, 0 }, { "mol", true, 1, 0 }, { "eq", true, 1, 0 }, { "osm", true, 1, 0 },
    /* nothing else can be turned into these */
    { "[iU]", true, 1, 0 }, { "[IU]", true, 1, 0 }, { "[arb'U]", false, 1, 0 }, { "[USP'U]", false, 1, 0 },
    { "[GPL'U]", false, 1, 0 }, { "[MPL'U]", false, 1, 0 }, { "[APL'U]", false, 1, 0 }, { "[beth'U]", false, 1, 0 },
    { "[anti'Xa'U]", false, 1, 0 }, { "[todd'U]", false, 1, 0 }, { "[dye'U]", false, 1, 0 }, { "[smgy'U]", false, 1, 0 },
    { "[bdsk'U]", false, 1, 0 }, { "[ka'U]", false, 1, 0 }, { "[knk'U]", false, 1, 0 }, { "[mclg'U]", false, 1, 0 },
    { "[tb'U]", false, 1, 0 }, { "[CCID_50]", false, 1, 0 }, { "[TCID_50]", false, 1, 0 }, { "[EID_50]", false, 1, 0 },
    { "[PFU]", false, 1, 0 }, { "[FFU]", false, 1, 0 }, { "[CFU]", false, 1, 0 }, { "[IR]", false, 1, 0 },
    { "[BAU]", false, 1, 0 }, { "[AU]", false, 1, 0 }, { "[Amb'a'1'U]", false, 1, 0 }, { "[PNU]", false, 1, 0 },
    { "[Lf]", false, 1, 0 }, { "[D'ag'U]", false, 1, 0 }, { "[FEU]", false, 1, 0 }, { "[ELU]", false, 1, 0 },
    { "[EU]", false, 1, 0 }, { "[hnsf'U]", false, 1, 0 },
    /* on a scale of their own: logarithms */
    { "[pH]", false, 1, 0 }, { "B", true, 1, 0 }, { "Np", true, 1, 0 },
    /* numbers */
    { "10*", false, 10, "1" }, { "10^", false, 10, "1" }, { "[pi]", false, 3.14159265358979323846, "1" },
    { "%", false, 1, "10*-2" }, { "[ppth]", false, 1, "10*-3" }, { "[ppm]", false, 1, "10*-6" },
    { "[ppb]", false, 1, "10*-9" }, { "[pptr]", false, 1, "10*-12" },
    /* SI */
    { "sr", true, 1, "rad2" }, { "Hz", true, 1, "s-1" }, { "N", true, 1, "kg.m/s2" }, { "Pa", true, 1, "N/m2" },
    { "J", true, 1, "N.m" }, { "W", true, 1, "J/s" }, { "A", true, 1, "C/s" }, { "V", true, 1, "J/C" },
    { "F", true, 1, "C/V" }, { "Ohm", true, 1, "V/A" }, { "S", true, 1, "Ohm-1" }, { "mho", true, 1, "S" },
    { "Wb", true, 1, "V.s" }, { "T", true, 1, "Wb/m2" }, { "H", true, 1, "Wb/A" }, { "lm", true, 1, "cd.sr" },
    { "lx", true, 1, "lm/m2" }, { "Bq", true, 1, "s-1" }, { "Gy", true, 1, "J/kg" }, { "Sv", true, 1, "J/kg" },
    { "Cel", true, 1, "K" }, { "[degF]", false, 5, "K/9" }, { "[degR]", false, 5, "K/9" },
    /* angles, times, other units of ISO 1000 */
    { "deg", false, 2, "[pi].rad/360" }, { "gon", false, 0.9, "deg" }, { "'", false, 1, "deg/60" }, { "''", false, 1, "'/60" },
    { "l", true, 1, "dm3" }, { "L", true, 1, "l" }, { "ar", true, 100, "m2" }, { "min", false, 60, "s" },
    { "h", false, 60, "min" }, { "d", false, 24, "h" }, { "wk", false, 7, "d" }, { "a_t", false, 365.24219, "d" },
    { "a_j", false, 365.25, "d" }, { "a_g", false, 365.2425, "d" }, { "a", false, 1, "a_j" }, { "mo_s", false, 29.53059, "d" },
    { "mo_j", false, 1, "a_j/12" }, { "mo_g", false, 1, "a_g/12" }, { "mo", false, 1, "mo_j" }, { "t", true, 1000, "kg" },
    { "bar", true, 100000, "Pa" }, { "u", true, 1.6605402e-24, "g" }, { "eV", true, 1.60217733e-19, "J" },
    { "Ao", false, 0.1, "nm" }, { "b", false, 100, "fm2" }, { "[g]", true, 9.80665, "m/s2" },
    /* CGS, radiation */
    { "Gal", true, 1, "cm/s2" }, { "dyn", true, 1, "g.cm/s2" }, { "erg", true, 1, "dyn.cm" }, { "P", true, 1, "dyn.s/cm2" },
    { "St", true, 1, "cm2/s" }, { "G", true, 1e-4, "T" }, { "Ci", true, 3.7e10, "Bq" }, { "R", true, 2.58e-4, "C/kg" },
    { "RAD", true, 100, "erg/g" }, { "[RAD]", true, 100, "erg/g" }, { "REM", true, 1, "RAD" }, { "[REM]", true, 1, "RAD" },
    { "atm", false, 101325, "Pa" }, { "gf", true, 1, "g.[g]" },
    /* lengths and volumes of the United States and Britain */
    { "[in_i]", false, 2.54, "cm" }, { "[ft_i]", false, 12, "[in_i]" }, { "[yd_i]", false, 3, "[ft_i]" },
    { "[mi_i]", false, 5280, "[ft_i]" }, { "[nmi_i]", false, 1852, "m" }, { "[kn_i]", false, 1, "[nmi_i]/h" },
    { "[sin_i]", false, 1, "[in_i]2" }, { "[sft_i]", false, 1, "[ft_i]2" }, { "[cin_i]", false, 1, "[in_i]3" },
    { "[cft_i]", false, 1, "[ft_i]3" }, { "[ft_us]", false, 1200, "m/3937" }, { "[in_us]", false, 1, "[ft_us]/12" },
    { "[gal_us]", false, 231, "[in_i]3" }, { "[qt_us]", false, 1, "[gal_us]/4" }, { "[pt_us]", false, 1, "[qt_us]/2" },
    { "[gil_us]", false, 1, "[pt_us]/4" }, { "[foz_us]", false, 1, "[gil_us]/4" }, { "[fdr_us]", false, 1, "[foz_us]/8" },
    { "[min_us]", false, 1, "[fdr_us]/60" }, { "[tbs_us]", false, 1, "[foz_us]/2" }, { "[tsp_us]", false, 1, "[tbs_us]/3" },
    { "[cup_us]", false, 16, "[tbs_us]" }, { "[foz_m]", false, 30, "mL" }, { "[cup_m]", false, 240, "mL" },
    { "[tsp_m]", false, 5, "mL" }, { "[tbs_m]", false, 15, "mL" }, { "[drp]", false, 1, "ml/20" },
    /* weights */
    { "[gr]", false, 64.79891, "mg" }, { "[lb_av]", false, 7000, "[gr]" }, { "[oz_av]", false, 1, "[lb_av]/16" },
    { "[dr_av]", false, 1, "[oz_av]/16" }, { "[ston_av]", false, 2000, "[lb_av]" }, { "[stone_av]", false, 14, "[lb_av]" },
    { "[oz_tr]", false, 480, "[gr]" }, { "[lb_tr]", false, 12, "[oz_tr]" }, { "[sc_ap]", false, 20, "[gr]" },
    { "[dr_ap]", false, 3, "[sc_ap]" }, { "[oz_ap]", false, 8, "[dr_ap]" }, { "[lbf_av]", false, 1, "[lb_av].[g]" },
    { "[psi]", false, 1, "[lbf_av]/[in_i]2" },
    /* heat, pressure */
    { "cal_[15]", true, 4.18580, "J" }, { "cal_[20]", true, 4.18190, "J" }, { "cal_m", true, 4.19002, "J" },
    { "cal_IT", true, 4.1868, "J" }, { "cal_th", true, 4.184, "J" }, { "cal", true, 1, "cal_th" }, { "[Cal]", false, 1, "kcal_th" },
    { "m[H2O]", true, 9.80665, "kPa" }, { "m[Hg]", true, 133.3220, "kPa" }, { "[in_i'H2O]", false, 1, "m[H2O].[in_i]/m" },
    { "[in_i'Hg]", false, 1, "m[Hg].[in_i]/m" }, { "[PRU]", false, 1, "mm[Hg].s/ml" }, { "[wood'U]", false, 1, "mm[Hg].min/L" },
    /* clinical */
    { "[diop]", false, 1, "/m" }, { "[Ch]", false, 1, "mm/3" }, { "[MET]", false, 3.5, "mL/min/kg" }, { "g%", true, 1, "g/dl" },
    { "[S]", false, 1e-13, "s" }, { "[HPF]", false, 1, "1" }, { "[LPF]", false, 100, "1" }, { "kat", true, 1, "mol/s" },
    { "U", true, 1, "umol/min" }, { "bit", true, 1, "1" }, { "By", true, 8, "bit" }, { "Bd", true, 1, "/s" },
};

/* What people write where UCUM has another word; a part between dots and slashes, or the whole. */
const struct unit_alias unit_aliases[] = {
    { "mmHg", "mm[Hg]" }, { "mm Hg", "mm[Hg]" }, { "cmH2O", "cm[H2O]" }, { "cm H2O", "cm[H2O]" }, { "bpm", "/min" },
    { "beats", "1" }, { "breaths", "1" }, { "cells", "1" }, { "copies", "1" }, { "count", "1" }, { "score", "1" }, { "ratio", "1" },
    { "percent", "%" }, { "mcg", "ug" }, { "gm", "g" }, { "gms", "g" }, { "gram", "g" }, { "grams", "g" }, { "cc", "mL" },
    { "lb", "[lb_av]" }, { "lbs", "[lb_av]" }, { "pounds", "[lb_av]" }, { "oz", "[oz_av]" }, { "in", "[in_i]" },
    { "inch", "[in_i]" }, { "inches", "[in_i]" }, { "ft", "[ft_i]" }, { "feet", "[ft_i]" }, { "kilograms", "kg" },
    { "degC", "Cel" }, { "deg C", "Cel" }, { "\302\260C", "Cel" }, { "degF", "[degF]" }, { "deg F", "[degF]" },
    { "\302\260F", "[degF]" }, { "IU", "[iU]" }, { "mIU", "m[iU]" }, { "uIU", "u[iU]" }, { "kIU", "k[iU]" }, { "MIU", "M[iU]" },
    { "iu", "[iU]" }, { "mEq", "meq" }, { "Eq", "eq" }, { "mOsm", "mosm" }, { "mOsmol", "mosm" }, { "sec", "s" },
    { "second", "s" }, { "seconds", "s" }, { "minute", "min" }, { "minutes", "min" }, { "hr", "h" }, { "hrs", "h" },
    { "hour", "h" }, { "hours", "h" }, { "day", "d" }, { "days", "d" }, { "week", "wk" }, { "weeks", "wk" }, { "month", "mo" },
    { "months", "mo" }, { "year", "a" }, { "years", "a" }, { "yr", "a" }, { "24h", "24.h" }, { "24hr", "24.h" },
    { "thou", "10*3" }, { "x10E3", "10*3" }, { "x10^3", "10*3" }, { "10E3", "10*3" }, { "10e3", "10*3" }, { "10E6", "10*6" },
    { "10e6", "10*6" }, { "10E9", "10*9" }, { "10e9", "10*9" }, { "x10E6", "10*6" }, { "x10^6", "10*6" }, { "x10E9", "10*9" },
    { "x10^9", "10*9" }, { "K/uL", "10*3/uL" }, { "k/uL", "10*3/uL" }, { "M/uL", "10*6/uL" }, { "HPF", "[HPF]" }, { "LPF", "[LPF]" },
    { "hpf", "[HPF]" }, { "lpf", "[LPF]" }, { "pH", "[pH]" }, { "kg/m\302\262", "kg/m2" }, { "m\302\262", "m2" },
    { "mL/min/1.73m2", "mL/min" }, { "mL/min/1.73 m2", "mL/min" }, { "ml/min/1.73m2", "mL/min" }, { "mL/min/1.73", "mL/min" },
    { "ml/min/1.73 m2", "mL/min" }, { "mL/min/1.73m\302\262", "mL/min" }, { "mins", "min" },
};
/* clang-format on */

const uint32_t unit_atoms_count = sizeof(unit_atoms) / sizeof(unit_atoms[0]);
const uint32_t unit_aliases_count = sizeof(unit_aliases) / sizeof(unit_aliases[0]);
const uint32_t unit_arbitrary_end = 47;

double unit_prefix(struct slice text, size_t *size)
{
    static const struct {
        const char *code;
        double factor;
    } prefixes[] = {
        { "da", 1e1 },  { "Ki", 1024 }, { "Mi", 1048576 },    { "Gi", 1073741824 }, { "Y", 1e24 },
        { "Z", 1e21 },  { "E", 1e18 },  { "P", 1e15 },        { "T", 1e12 },        { "G", 1e9 },
        { "M", 1e6 },   { "k", 1e3 },   { "h", 1e2 },         { "d", 1e-1 },        { "c", 1e-2 },
        { "m", 1e-3 },  { "u", 1e-6 },  { "\302\265", 1e-6 }, { "\316\274", 1e-6 }, { "n", 1e-9 },
        { "p", 1e-12 }, { "f", 1e-15 }, { "a", 1e-18 },       { "z", 1e-21 },       { "y", 1e-24 },
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (slice_starts_with(text, slice_from(prefixes[i].code))) {
            *size = strlen(prefixes[i].code);
            return prefixes[i].factor;
        }
    *size = 0;
    return 0;
}
