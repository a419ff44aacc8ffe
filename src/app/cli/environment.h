/*
 * Every environment variable, once: ASH_CLI_VARIABLE(name, what it means).
 * No include guard: it is read several times.
 */
ASH_CLI_VARIABLE("ASHLAR_CONF", "the configuration file to read")
ASH_CLI_VARIABLE("ASHLAR_HOME", "the folder of configuration and store")
ASH_CLI_VARIABLE("NO_COLOR", "set and not empty: no colours")
