// Logs and authorities that the seeds of signatures were made with, so that verification gets past them.
#pragma once

#include <cstdlib>

#include "sigstore/trusted_root.hpp"

namespace gridseal::fuzz {

inline const sigstore::TrustedRoot& trusted_root() {
  static const sigstore::TrustedRoot root = [] {
    // clang-format off
    constexpr std::string_view kRoot = R"json({
 "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
 "tlogs": [
  {
   "baseUrl": "http://127.0.0.1:5513",
   "hashAlgorithm": "SHA2_256",
   "publicKey": {
    "rawBytes": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEACCHj7YtHDSA7vK51I5UnD8Mnk4wSmmQ8Iu9WDS/880pDeNN+zH65pv/HL04d9gtBvjMdak2QxuBOYWPugFIUA==",
    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    "validFor": {
     "start": "2026-01-01T00:00:00Z"
    }
   },
   "logId": {
    "keyId": "4TKt4sDBoVDYj3ZXmxO9RX06lC4sEd5uniJK4BQQqRg="
   }
  },
  {
   "baseUrl": "http://localhost:5513",
   "hashAlgorithm": "SHA2_256",
   "publicKey": {
    "rawBytes": "MCowBQYDK2VwAyEAWsxjo/+XBzPSBtkhAxGz66tH6QTx3lqzcYGT7s4sNI4=",
    "keyDetails": "PKIX_ED25519",
    "validFor": {
     "start": "2026-01-01T00:00:00Z"
    }
   },
   "logId": {
    "keyId": "gpysZaK3vFKy/B9mQ3YfKlgzksHx9lJXpktc6BRsPyA="
   }
  }
 ],
 "certificateAuthorities": [
  {
   "subject": {
    "organization": "sigmint.test",
    "commonName": "sigmint"
   },
   "uri": "http://127.0.0.1:5513",
   "certChain": {
    "certificates": [
     {
      "rawBytes": "MIICHjCCAaSgAwIBAgIUVcVK9mlHOst8LByzyrVVieekYv8wCgYIKoZIzj0EAwMwLjEVMBMGA1UECgwMc2lnbWludC50ZXN0MRUwEwYDVQQDDAxzaWdtaW50LXJvb3QwHhcNMjYwMTAxMDAwMDAwWhcNMzYwMTAxMDAwMDAwWjA2MRUwEwYDVQQKDAxzaWdtaW50LnRlc3QxHTAbBgNVBAMMFHNpZ21pbnQtaW50ZXJtZWRpYXRlMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEhWq3Vtcqo6SZTT79FGrgDFkF8wfZubrs4FHNA6qzIu9VnA/asSvI/TilnCRPnLnFY8XygU04z8CaNVkwJSKhf2RT9n0I7io6SywFDB3QBW9cYv1j2FDtgip9oRO2O2gGo3sweTASBgNVHRMBAf8ECDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjATBgNVHSUEDDAKBggrBgEFBQcDAzAdBgNVHQ4EFgQUUp8Dj/7aSgB34hcIWB89OMrnBmcwHwYDVR0jBBgwFoAURhLCVJt1qtqhMZwQ6mmLea0JFhgwCgYIKoZIzj0EAwMDaAAwZQIwIE8bnHE2Ix9PdTNwqJWTMNdNb3UwpofA2bSnys91QS8rVBs/NTgWXLHZi4ynkpHmAjEArTVJ/h2PO7jA0A7jyRpi6iGoK/nBdbdLB6Ho7+ajHKMFLHt+99ua64GgUU9PrQLt"
     },
     {
      "rawBytes": "MIICATCCAYegAwIBAgIUVyYXZQUspwEllhn0zCkFVDSwC0owCgYIKoZIzj0EAwMwLjEVMBMGA1UECgwMc2lnbWludC50ZXN0MRUwEwYDVQQDDAxzaWdtaW50LXJvb3QwHhcNMjYwMTAxMDAwMDAwWhcNMzYwMTAxMDAwMDAwWjAuMRUwEwYDVQQKDAxzaWdtaW50LnRlc3QxFTATBgNVBAMMDHNpZ21pbnQtcm9vdDB2MBAGByqGSM49AgEGBSuBBAAiA2IABF4dmL5jsUEdRN0W6VWpd0VlQuh6qOqerzt46u19WXFhjVHw0EKnOz9359SlGT47qgJoZXLs1GTeXhVRzwnOW0NB4W0P8JuSjzUXBCGLmsXOXQZzsRfmmG5EBDhyIiXKkqNmMGQwEgYDVR0TAQH/BAgwBgEB/wIBATAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFEYSwlSbdaraoTGcEOppi3mtCRYYMB8GA1UdIwQYMBaAFEYSwlSbdaraoTGcEOppi3mtCRYYMAoGCCqGSM49BAMDA2gAMGUCMQCXftyJAzlWeGOR6AJfkDSUyOoXwhuW6d5MNpD1sQtW5gzR6HfwZMtPMvQ9SfQAQWcCMCwpa6V/T3MVVBZGiqVpW7QiVP38DjyetWGv7nJXO2nQkTgoYCecRzMG1o/9lfowNw=="
     }
    ]
   },
   "validFor": {
    "start": "2026-01-01T00:00:00Z"
   }
  }
 ],
 "ctlogs": [
  {
   "baseUrl": "http://127.0.0.1:5513/ct",
   "hashAlgorithm": "SHA2_256",
   "publicKey": {
    "rawBytes": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0M698kfL0LuAtrLWipUGQytvuhN4EH53qY+ydLEnbMrLRDQ8g+SuAfKmmEkIcBqm3Yvkqvhq530//UCSMl7dZA==",
    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    "validFor": {
     "start": "2026-01-01T00:00:00Z"
    }
   },
   "logId": {
    "keyId": "kGoEBsEW6yqx/PBmEVcNQqWs77k3Bve2Xi6oEH7gt3k="
   }
  }
 ],
 "timestampAuthorities": [
  {
   "subject": {
    "organization": "sigmint.test",
    "commonName": "sigmint-tsa"
   },
   "uri": "http://127.0.0.1:5513/api/v1/timestamp",
   "certChain": {
    "certificates": [
     {
      "rawBytes": "MIIB/jCCAYSgAwIBAgIUCJ9yo8KG+MOLMlmmGPAy8fHhIsMwCgYIKoZIzj0EAwMwMjEVMBMGA1UECgwMc2lnbWludC50ZXN0MRkwFwYDVQQDDBBzaWdtaW50LXRzYS1yb290MB4XDTI2MDEwMTAwMDAwMFoXDTM2MDEwMTAwMDAwMFowMjEVMBMGA1UECgwMc2lnbWludC50ZXN0MRkwFwYDVQQDDBBzaWdtaW50LXRzYS1sZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdj9xHnxSKyfXsI0o+5TaI5k21k9LI7yGa4x2A1kS9FuP9ififyt1G//yUYU65BPBI0dTjfYOaFekChvTmbJPYqN4MHYwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwFgYDVR0lAQH/BAwwCgYIKwYBBQUHAwgwHQYDVR0OBBYEFJ3INu8JjW4IZflWdk+LU2twuYlrMB8GA1UdIwQYMBaAFPYSpE2bVbtRCDhRaqiLOOCFmzULMAoGCCqGSM49BAMDA2gAMGUCMQDisbvCmOeIcKrs1sHn99h6KhikruHsUEe5LSYffuMB6Kg53lQ/ftSxiSqZxrmgNeYCMBoLUYu4MGObIrwTcCCZyIKM8ksrx4p33b5EAUy74G0emZbG2UieVfA39WPMUS9DQw=="
     },
     {
      "rawBytes": "MIICBjCCAYygAwIBAgIUHxgv3cmjP5eu4kuE8qxByjdNq0cwCgYIKoZIzj0EAwMwMjEVMBMGA1UECgwMc2lnbWludC50ZXN0MRkwFwYDVQQDDBBzaWdtaW50LXRzYS1yb290MB4XDTI2MDEwMTAwMDAwMFoXDTM2MDEwMTAwMDAwMFowMjEVMBMGA1UECgwMc2lnbWludC50ZXN0MRkwFwYDVQQDDBBzaWdtaW50LXRzYS1yb290MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEdGCgy62ClM6WlPVsQilVP7i1r3bOtOqC6TtrlyfiYanceVBALpHegH6tI6lkG7vEqgFoooPRyr+vzaUGIGtTbTfHtWPkBVPIvuW63emIjisFQR9cPFGL2N7EhMHfrJbNo2MwYTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU9hKkTZtVu1EIOFFqqIs44IWbNQswHwYDVR0jBBgwFoAU9hKkTZtVu1EIOFFqqIs44IWbNQswCgYIKoZIzj0EAwMDaAAwZQIxAID20i5CG6jYswOHkXMp8d78QMCZU/58J5lFjM5GKbHAn1crftE1Ui7OyghGmfhkMQIwdp2MNklyGDQJ+0ap66IH1l5JpF7ULVl7ErImn6g/xH8o0OZLQj19CbKXoO15ej5M"
     }
    ]
   },
   "validFor": {
    "start": "2026-01-01T00:00:00Z"
   }
  }
 ]
})json";
    // clang-format on
    auto parsed = sigstore::parse_trusted_root(kRoot);
    if (!parsed) std::abort();
    return *std::move(parsed);
  }();
  return root;
}

}  // namespace gridseal::fuzz
