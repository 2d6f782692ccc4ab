# cmake -DPROGRAM=FILE -DOUTPUT=FILE.cpp -P embed.cmake: writes a program's bytes as the array kGuardian.
file(READ ${PROGRAM} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"core/remote/guardian_image.h\"\n"
                     "namespace {\nconstexpr unsigned char kBytes[] = {${bytes}};\n}\n"
                     "namespace sounder::remote {\n"
                     "std::span<const unsigned char> guardian_image() noexcept { return kBytes; }\n}\n")
