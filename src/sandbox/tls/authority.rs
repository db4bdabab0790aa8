//! The certificate authority, and the one certificate that it issues.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use secrecy::SecretString;
use tokio_rustls::rustls;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::set_validity;
use crate::domain::Millis;

/// The names that the certificate is good for, besides this machine's addresses 127.0.0.1 and ::1 (amazon-pay 1.1).
pub const HOSTS: [&str; 7] = [
    "localhost",
    "pay-api.amazon.com",
    "pay-api.amazon.eu",
    "pay-api.amazon.jp",
    "static-na.payments-amazon.com",
    "static-eu.payments-amazon.com",
    "static-fe.payments-amazon.com",
];
const ADDRESSES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
/// The name in the authority's certificate; the certificates it issues refer to it.
const NAME: &str = "Sekisho sandbox CA";
const AUTHORITY_YEARS: i16 = 10;
/// Each start issues a new one; browsers accept no certificate that is good for much longer than a year.
const CERTIFICATE_YEARS: i16 = 1;

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A key or a certificate could not be made or read.
    #[error("certificate authority: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library does not accept them.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The key is of a kind that this authority never makes.
    #[error("TLS: the certificate's private key cannot be used: {0}")]
    Key(&'static str),
}

/// Issues the sandbox's certificate.
pub struct Authority {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, good for ten years from `now`.
    ///
    /// # Errors
    /// [`AuthorityError::Certificate`].
    pub fn generate(now: Millis) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let params = authority_params(now);
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Self { certificate_pem, issuer: Issuer::new(params, key) })
    }

    /// The one of an earlier start, out of its certificate and its private key.
    ///
    /// # Errors
    /// [`AuthorityError::Certificate`] for a key that is not one.
    pub fn restore(certificate_pem: String, key_pem: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pem(key_pem)?;
        // Of these, only name and usages go into what it issues, and those are always the same.
        Ok(Self { certificate_pem, issuer: Issuer::new(authority_params(Millis(0)), key) })
    }

    /// The authority's own certificate, for clients to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The authority's private key, to be kept for the next start.
    pub fn key_pem(&self) -> SecretString {
        self.issuer.key().serialize_pem().into()
    }

    /// What a server needs: a new certificate for [`HOSTS`] and this machine, good for a year from `now`, and its key.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn server_config(&self, now: Millis) -> Result<Arc<ServerConfig>, AuthorityError> {
        let mut params = CertificateParams::new(HOSTS.map(str::to_owned))?;
        params.subject_alt_names.extend(ADDRESSES.map(SanType::IpAddress));
        params.distinguished_name.push(DnType::CommonName, "Sekisho sandbox");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, now, CERTIFICATE_YEARS);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(AuthorityError::Key)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn authority_params(now: Millis) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let names = HOSTS.iter().map(|host| GeneralSubtree::DnsName((*host).to_owned()));
    let addresses = ADDRESSES.iter().map(|address| {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, bits))
    });
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: names.chain(addresses).collect(), excluded_subtrees: Vec::new() });
    set_validity(&mut params, now, AUTHORITY_YEARS);
    params
}
