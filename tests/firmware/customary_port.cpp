/* SPDX-License-Identifier: Apache-2.0 */
// A port as one writes it for the customary harness: C++, and no header of the firmware but the two of that harness.
// The board is this computer: bytes come from standard input and go to standard output, and each level of the timestamp
// pin is a line on standard error. Its model answers with the first and last feature and their number, over 256.
#include "api/submitter_implemented.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "api/internally_implemented.h"

namespace
{

constexpr size_t kMostFeatures = 8;

class Model
{
  public:
    void SetInput(const int8_t *features, size_t count)
    {
        count_ = count;
        std::memcpy(features_, features, count);
    }

    void Invoke()
    {
        outputs_[0] = count_ > 0 ? features_[0] / 256.0f : 0.0f;
        outputs_[1] = count_ > 0 ? features_[count_ - 1] / 256.0f : 0.0f;
        outputs_[2] = static_cast<float>(count_) / 256.0f;
    }

    const float *outputs() const
    {
        return outputs_;
    }

  private:
    int8_t features_[kMostFeatures] = {};
    size_t count_ = 0;
    float outputs_[3] = {};
};

Model model;

} // namespace

void th_load_tensor()
{
    int8_t features[kMostFeatures];
    size_t bytes = ee_get_buffer(reinterpret_cast<uint8_t *>(features), sizeof features);

    if (bytes > 0 && *ee_get_buffer_pointer() != static_cast<uint8_t>(features[0])) {
        th_printf("the buffer is not what was copied\r\n");
        return;
    }
    model.SetInput(features, bytes);
}

void th_infer()
{
    model.Invoke();
}

void th_results()
{
    th_printf("m-results-[");
    for (int i = 0; i < 3; i++) {
        th_printf("%s%.3f", i > 0 ? "," : "", model.outputs()[i]);
    }
    th_printf("]\r\n");
}

void th_timestamp(void)
{
#if EE_CFG_ENERGY_MODE == 1
    std::fputs("low\nhigh\n", stderr);
#else
    unsigned long microseconds = static_cast<unsigned long>(std::clock());
    th_printf(EE_MSG_TIMESTAMP, microseconds);
#endif
}

void th_timestamp_initialize(void)
{
    th_printf(EE_MSG_TIMESTAMP_MODE);
    th_timestamp();
}

void th_serialport_initialize(void)
{
    std::setvbuf(stdout, nullptr, _IONBF, 0);
}

void th_final_initialize(void)
{
    th_printf("Initialized for %s\r\n", TH_MODEL_VERSION);
}

void th_pre() {}

void th_post() {}

void th_command_ready(char volatile *command)
{
    if (ee_hexdec(const_cast<char *>("1f")) == 31 && std::strstr(const_cast<char *>(command), "twice") != nullptr) {
        ee_infer(2, 0);
        th_printf(EE_MSG_READY);
        return;
    }
    ee_serial_command_parser_callback(const_cast<char *>(command));
}

char th_getchar()
{
    int byte = std::getchar();

    if (byte == EOF) {
        std::exit(0);
    }
    return static_cast<char>(byte);
}

int th_strncmp(const char *str1, const char *str2, size_t n)
{
    return std::strncmp(str1, str2, n);
}

char *th_strncpy(char *dest, const char *src, size_t n)
{
    return std::strncpy(dest, src, n);
}

size_t th_strnlen(const char *str, size_t maxlen)
{
    return strnlen(str, maxlen);
}

char *th_strcat(char *dest, const char *src)
{
    return std::strcat(dest, src);
}

char *th_strtok(char *str1, const char *sep)
{
    return std::strtok(str1, sep);
}

int th_atoi(const char *str)
{
    return std::atoi(str);
}

void *th_memset(void *b, int c, size_t len)
{
    return std::memset(b, c, len);
}

void *th_memcpy(void *dst, const void *src, size_t n)
{
    return std::memcpy(dst, src, n);
}

int th_vprintf(const char *format, va_list ap)
{
    return std::vprintf(format, ap);
}

void th_printf(const char *p_fmt, ...)
{
    va_list args;

    va_start(args, p_fmt);
    (void)th_vprintf(p_fmt, args);
    va_end(args);
}
